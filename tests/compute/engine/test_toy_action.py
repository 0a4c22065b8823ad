"""An action is one file: written beside the others, it has button, form, rule, API, audit, words and states."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

import compute.instances.actions as area
from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, Forbidden
from accounts.models import AuditEvent, User
from compute.engine.actions import registry
from compute.engine.models import Operation
from compute.engine.operations import plans
from compute.instances.actions import begin, choices
from compute.instances.models import Instance
from compute.instances.services import schedules, status_labels
from compute.instances.states import VmState
from portal import openapi
from tests import factories
from tests.compute.api.compute_calls import compute_of
from tests.worker import run

pytestmark = pytest.mark.django_db

SOURCE = '''
"""Polish: make an instance shine."""

from typing import Any, ClassVar

from accounts.context import Context
from accounts.errors import BadInput
from accounts.openstack.contract import by_version
from accounts.openstack.schema import NAME, STRING, object_of
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Where
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.models import Instance


class Rub(Step):
    name: ClassVar[str] = "rub"
    label: ClassVar[str] = "Rub"
    where: ClassVar[Where] = Where.ANYWHERE

    def do(self, run: Run) -> None:
        transitions.change(run.subject, description=f"shines {run.operation.parameters['lustre_grade']}")


class Polish(InstanceAction):
    verb = "polish"
    label = "Polish it"
    icon = "refresh"
    main = True
    order = 35
    bulk = False
    move = Move(start=frozenset({"active", "stopped"}), task="polishing", end="stopped")
    doing = "Being polished"
    role = "manager"
    rules = {"instance:polish_gold": "admin"}
    fields = ("lustre_grade",)
    asks = True
    intro = "Say how much."
    submit = "Rub"
    schedulable = True
    api_name = "polish"
    api_body = by_version(
        lambda minor: object_of({"lustre_grade": NAME}, {"wax": STRING} if minor >= 20 else {}), 20
    )
    api_history = "polished"
    steps = (Rub(),)

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        if not parameters.get("lustre_grade"):
            raise BadInput(fields={"lustre_grade": "Say how much it is to shine."})
        return {"lustre_grade": parameters["lustre_grade"]}
'''


@pytest.fixture(autouse=True)
def polish(tmp_path: Path) -> Iterator[None]:
    """The file in a folder of the area's package, until the test ends."""
    name = "compute.instances.actions.polish"
    (tmp_path / "polish.py").write_text(SOURCE)
    area.__path__.append(str(tmp_path))
    try:
        registry.register_module(name)
        yield
    finally:
        area.__path__.remove(str(tmp_path))
        sys.modules.pop(name, None)
        area.__dict__.pop("polish", None)
        for table in (registry._actions, plans):
            table.pop("instance.polish", None)
        for rule in ("instance:polish", "instance:polish_gold"):
            policy.RULES.pop(rule, None)
        registry._task_labels.pop(("instance", "polishing"), None)


@pytest.fixture
def web(as_max: Context) -> Instance:
    return factories.InstanceFactory(project=as_max.project, name="web")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


def polish_it(context: Context, instance: Instance) -> Operation:
    operation = begin(context, "instance.polish", instance.pk, parameters={"lustre_grade": "high"})
    assert operation is not None
    return operation


def test_its_rules_are_known(as_alice: Context, as_max: Context, web: Instance) -> None:
    assert policy.required_role("instance:polish") == "manager"
    assert policy.required_role("instance:polish_gold") == "admin"
    with pytest.raises(Forbidden, match="need the role “manager”"):
        polish_it(as_alice, web)
    assert polish_it(as_max, web).kind == "instance.polish"


def test_its_button_is_on_the_page(max_: User, alice: User, web: Instance) -> None:
    address = reverse("instance-action", args=[web.pk, "polish"])
    page = signed_in(max_).get(reverse("instance", args=[web.pk])).content.decode()
    assert address in page
    assert "Polish it" in page
    assert signed_in(alice).get(address).status_code == 403


def test_its_place_in_the_menu_is_its_own(as_max: Context, web: Instance) -> None:
    verbs = [choice.action.verb for choice in choices(as_max, web)]
    assert verbs.index("reboot") < verbs.index("polish") < verbs.index("force_reboot")


def test_its_form_asks_for_a_field_that_no_page_knows(max_: User, web: Instance) -> None:
    address = reverse("instance-action", args=[web.pk, "polish"])
    client = signed_in(max_)
    form = client.get(address).content.decode()
    for said in ("Say how much.", "Lustre grade", 'name="lustre_grade"', "Rub"):
        assert said in form
    refused = client.post(address, {"lustre_grade": ""})
    assert refused.status_code == 400
    assert "Say how much it is to shine." in refused.content.decode()
    assert not Operation.objects.exists()
    assert client.post(address, {"lustre_grade": "high"}).status_code == 302
    assert Operation.objects.get().parameters == {"lustre_grade": "high"}


def test_its_words_are_shown_while_it_runs(as_max: Context, max_: User, web: Instance) -> None:
    polish_it(as_max, web)
    assert status_labels.task("polishing") == "Being polished"
    page = signed_in(max_).get(reverse("instance", args=[web.pk])).content.decode()
    assert "Being polished" in page
    activity = signed_in(max_).get(reverse("activity")).content.decode()
    assert "Polish it" in activity
    with pytest.raises(Conflict, match="Wait until “Being polished” is done"):
        begin(as_max, "instance.stop", web.pk)


def test_it_runs_and_ends_where_it_says(as_max: Context, web: Instance) -> None:
    assert run(polish_it(as_max, web)).state == Operation.State.SUCCEEDED
    web.refresh_from_db()
    assert (web.vm_state, web.task_state, web.description) == (VmState.STOPPED, None, "shines high")
    events = AuditEvent.objects.order_by("pk").values_list("action", "user_name", "outcome")
    assert list(events) == [
        ("instance.polish", "max", "requested"),
        ("instance.polish", "max", "succeeded"),
    ]


@pytest.mark.parametrize("vm_state", VmState)
def test_the_table_of_states_follows(as_max: Context, web: Instance, vm_state: VmState) -> None:
    Instance.objects.update(vm_state=vm_state)
    web.refresh_from_db()
    (offered,) = (choice for choice in choices(as_max, web) if choice.action.verb == "polish")
    assert offered.allowed is (vm_state in {VmState.ACTIVE, VmState.STOPPED})
    assert bool(offered.reason) is not offered.allowed


def test_clients_of_the_api_may_begin_it(max_: User, alice: User, web: Instance) -> None:
    body = {"lustre_grade": "high"}
    compute_of(alice, web.project).act(web.pk, "polish", body, 403)
    manager = compute_of(max_, web.project).at("2.73")
    manager.act(web.pk, "polish", body, 202)
    shown = manager.get(f"servers/{web.pk}")["server"]
    assert shown["OS-EXT-STS:task_state"] == "polishing"
    (action,) = manager.get(f"servers/{web.pk}/os-instance-actions")["instanceActions"]
    assert action["action"] == "polished"


@pytest.mark.parametrize(
    ("version", "body", "named"),
    [
        ("2.73", {}, "lustre_grade"),
        ("2.73", {"lustre_grade": 7}, "lustre_grade"),
        ("2.73", {"lustre_grade": "high", "wax": 7}, "wax"),
        ("2.19", {"lustre_grade": "high", "wax": "bees"}, "wax"),
        ("2.20", {"lustre_grade": "high", "wax": "bees"}, ""),
    ],
)
def test_its_body_is_checked_by_its_schema(
    max_: User, web: Instance, version: str, body: dict[str, object], named: str
) -> None:
    answer = compute_of(max_, web.project).at(version).act(web.pk, "polish", body, 400 if named else 202)
    if named:
        assert f"polish.{named}" in answer["badRequest"]["message"]
    assert Operation.objects.exists() is not bool(named)


def test_its_body_is_in_the_document() -> None:
    document = openapi._document.__wrapped__("https://cloud.example")
    schema = document["components"]["schemas"]["compute-server-action-post-body"]
    waxed = ["wax" in version["properties"]["polish"]["properties"] for version in schema["anyOf"]]
    assert [version["title"] for version in schema["anyOf"]][:3] == [
        "Microversions 2.1 to 2.18",
        "Microversions 2.19 to 2.19",
        "Microversions 2.20 to 2.53",
    ]
    assert waxed == [False, False, *[True] * (len(waxed) - 2)]


def test_schedules_offer_it() -> None:
    assert "polish" in schedules.verbs()


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        registry.register(registry.actions()["instance.polish"])
