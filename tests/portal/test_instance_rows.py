"""The list's rows: what stands below the status, and that fifty of them stay small and cheap."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.context import Context
from accounts.models import Project, User
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.services import instances
from compute.instances.states import VmState
from portal import instance_rows
from portal.instance_rows import InstanceRow, Note
from tests import factories
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen"
FULL = "No valid host was found for this instance. vm has 2 vCPUs left, 4 are needed."


@pytest.fixture
def web(alice: User, blue: Project) -> Instance:
    host = factories.HypervisorFactory()
    return factories.InstanceFactory(project=blue, user=alice, name="web", hypervisor=host)


def row(context: Context) -> InstanceRow:
    (only,) = instance_rows.rows(context, list(instances.page(context)))
    return only


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({}, None),
        ({"boot_stage": "reachable"}, Note(text="Reachable (SSH)")),
        ({"boot_stage": "reachable", "vm_state": VmState.STOPPED}, None),
        (
            {"fault": {"code": "x", "message": LONG}},
            Note(text=LONG.replace(" thirteen", "…"), danger=True, whole=LONG),
        ),
        (
            {"fault": {"code": "x", "message": FULL}},
            Note(text="vm has 2 vCPUs left, 4 are needed.", danger=True, whole=FULL),
        ),
    ],
)
def test_the_note_below_the_status(
    as_alice: Context, web: Instance, fields: dict[str, Any], note: Note | None
) -> None:
    Instance.objects.update(**fields)
    assert row(as_alice).note == note


def test_a_host_that_is_away_comes_first(as_alice: Context, web: Instance) -> None:
    Instance.objects.update(boot_stage="reachable")
    Hypervisor.objects.update(state=Hypervisor.State.UNREACHABLE)
    assert row(as_alice).note == Note(text="Its host does not answer.", danger=True)


def test_the_progress_of_what_is_being_done(alice: User, as_alice: Context, web: Instance) -> None:
    factories.OperationFactory(
        instance=web,
        kind="instance.launch",
        state="running",
        step="place",
        timeline=[
            {"name": "place", "label": "Choose a hypervisor", "began": "t", "ended": None, "undone": None}
        ],
        progress={"done": 3, "total": 10},
    )
    note = row(as_alice).note
    assert note is not None
    assert (note.text, note.progress) == ("Choose a hypervisor", (3, 10))
    page = signed_in(alice).get(reverse("instances")).content.decode()
    assert '<progress value="3" max="10" aria-label="Choose a hypervisor">' in page


@pytest.mark.parametrize(
    ("vm_state", "role", "console", "verbs"),
    [
        (VmState.ACTIVE, "member", True, []),
        (VmState.ACTIVE, "reader", False, []),
        (VmState.RESCUED, "member", True, []),
        (VmState.STOPPED, "member", False, ["start"]),
        (VmState.STOPPED, "reader", False, []),
    ],
)
def test_what_a_row_offers(
    as_alice: Context,
    as_ruth: Context,
    web: Instance,
    vm_state: str,
    role: str,
    console: bool,
    verbs: list[str],
) -> None:
    Instance.objects.update(vm_state=vm_state)
    only = row(as_ruth if role == "reader" else as_alice)
    assert bool(only.console_url) is console
    assert [button.verb for button in only.buttons] == verbs


def test_owners_are_told_in_all_projects_only(as_root: Context, web: Instance) -> None:
    everywhere = list(instances.page(as_root, all_projects=True))
    (only,) = instance_rows.rows(as_root, everywhere, everywhere=True)
    assert only.owner == "blue · alice"
    (only,) = instance_rows.rows(as_root, everywhere)
    assert only.owner == ""


def test_fifty_rows_cost_no_query_more_than_one_and_few_bytes(
    alice: User, blue: Project, web: Instance, django_assert_num_queries: Any
) -> None:
    def add() -> None:
        host = factories.HypervisorFactory()
        instance = factories.InstanceFactory(
            project=blue, user=alice, hypervisor=host, launched_at=timezone.now(), boot_stage="reachable"
        )
        factories.PortFactory(instance=instance)

    client, address = signed_in(alice), reverse("instances")
    add()
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        two = len(client.get(address).content)
    for _number in range(48):
        add()
    with django_assert_num_queries(len(captured)):
        fifty = len(client.get(address).content)
    assert (fifty - two) / 48 < 900


def test_the_tabs_count_what_they_lead_to(alice: User, blue: Project, web: Instance) -> None:
    factories.InstanceFactory(project=blue, user=alice, vm_state=VmState.STOPPED)
    page = signed_in(alice).get(reverse("instances")).content.decode()
    for tab in ("All <small>2</small>", "Running <small>1</small>", "Off <small>1</small>", "Error</a>"):
        assert f">{tab}" in page
