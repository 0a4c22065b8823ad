"""The instance's page: what is being done can be cancelled, schedules and expiry have cards, forms keep what was typed."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Project, User
from compute.engine.models import Operation
from compute.hosts.models import Hypervisor
from compute.instances.models import Flavor, Instance, Schedule
from compute.instances.services import schedules
from compute.instances.states import VmState
from compute.networks.models import Network
from tests import factories
from tests.instance_actions import MOVES
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(alice: User, blue: Project) -> Instance:
    return factories.InstanceFactory(project=blue, user=alice, name="web")


def shown(client: Client, instance: Instance) -> str:
    answer = client.get(reverse("instance", args=[instance.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def action(instance: Instance, verb: str) -> str:
    return reverse("instance-action", args=[instance.pk, verb])


def test_the_page_of_another_projects_instance_says_so(
    alice: User, root: User, red: Project, web: Instance
) -> None:
    factories.AssignmentFactory(user=root, project=red, role__name="admin")
    root.default_project = red
    root.save()
    assert "in project blue" in shown(signed_in(root), web)
    assert "in project blue" not in shown(signed_in(alice), web)


def test_a_resized_instance_says_what_it_is_before_what_it_was(alice: User, web: Instance) -> None:
    Instance.objects.update(vcpus=2, ram_mib=1024, resized_from={"vcpus": 1, "ram_mib": 128})
    page = " ".join(shown(signed_in(alice), web).split())
    assert page.index("2 vCPU · 1 GiB") < page.index("(was 1 vCPU · 128 MiB)")


@pytest.mark.parametrize(("verb", "offered"), [("shelve", True), ("reboot", False)])
def test_the_button_beside_the_progress(alice: User, web: Instance, verb: str, offered: bool) -> None:
    Instance.objects.update(task_state=MOVES[verb].task)
    factories.OperationFactory(instance=web, kind=f"instance.{verb}", state=Operation.State.RUNNING)
    client = signed_in(alice)
    assert (action(web, "cancel") in shown(client, web)) is offered
    assert client.post(action(web, "cancel")).status_code == (302 if offered else 409)
    assert Operation.objects.get().cancel_requested is offered
    assert action(web, "cancel") not in shown(client, web), "once is enough"


def test_a_host_that_is_away_is_told_of_where_its_instances_are(alice: User, web: Instance) -> None:
    away = "Its host does not answer."
    host = factories.HypervisorFactory()
    Instance.objects.update(hypervisor=host)
    client = signed_in(alice)
    assert away not in shown(client, web)
    Hypervisor.objects.update(state=Hypervisor.State.UNREACHABLE)
    assert away in shown(client, web)
    assert away in client.get(reverse("instances")).content.decode()


def test_empty_cards_teach(alice: User, ruth: User, web: Instance) -> None:
    page = shown(signed_in(alice), web)
    assert "No schedules." in page
    assert "Never expires." in page
    assert reverse("instance-schedule-new", args=[web.pk]) in page
    reading = shown(signed_in(ruth), web)
    assert reverse("instance-schedule-new", args=[web.pk]) not in reading
    assert action(web, "set_expiry") not in reading


def test_a_schedule_from_form_to_end(alice: User, web: Instance) -> None:
    client = signed_in(alice)
    new = reverse("instance-schedule-new", args=[web.pk])
    wrong = client.post(new, {"verb": "stop", "cron": "never", "time_zone": "Europe/Berlin"})
    assert wrong.status_code == 400
    assert b"Give five fields" in wrong.content
    assert b'value="never"' in wrong.content
    for cron, fault in (("61 25 * * *", "“61” is no minute."), ("0 25 * * *", "“25” is no hour.")):
        assert fault in client.post(new, {"verb": "stop", "cron": cron}).content.decode()
    assert b'<option value="Europe/Berlin" selected>' in wrong.content
    answer = client.post(new, {"verb": "stop", "cron": "0 20 * * 1-5", "time_zone": "Europe/Berlin"})
    assert answer.url == reverse("instance", args=[web.pk])
    schedule = Schedule.objects.get()
    page = shown(client, web)
    assert "Monday to Friday at 20:00" in page
    assert "20:00 (Europe/Berlin)" in page
    rest = reverse("instance-schedule-enabled", args=[web.pk, schedule.pk])
    assert client.post(rest, {"enabled": "false"}).status_code == 302
    assert "rests" in shown(client, web)
    client.post(rest, {"enabled": "true"})
    assert Schedule.objects.get().enabled
    Schedule.objects.update(last_run=timezone.now(), last_error="It is locked.")
    assert "It is locked." in shown(client, web)
    edit = reverse("instance-schedule-edit", args=[web.pk, schedule.pk])
    assert edit in shown(client, web)
    form = client.get(edit).content.decode()
    assert '<option value="weekdays" selected>' in form
    assert 'value="20:00"' in form
    assert 'data-chosen=""' in form
    assert '<option value="Europe/Berlin" selected>' in form
    assert 'name="verb"' not in form
    assert 'name="keep"' not in form
    assert client.post(edit, {"cron": "0 20 30 2 *"}).status_code == 400
    client.post(edit, {"at": "2040-07-01T12:00", "time_zone": "Europe/Berlin"})
    assert "2040-07-01 12:00 (Europe/Berlin)" in shown(client, web)
    assert 'value="2040-07-01T12:00"' in client.get(edit).content.decode()
    client.post(reverse("instance-schedule-delete", args=[web.pk, schedule.pk]))
    assert not Schedule.objects.exists()


def test_a_schedule_of_another_instance_is_not_found_here(alice: User, web: Instance, blue: Project) -> None:
    other = factories.InstanceFactory(project=blue)
    schedule = Schedule.objects.create(
        project=blue, instance=other, created_by=alice, verb="stop", cron="0 0 * * *"
    )
    for deed in ("enabled", "delete", "edit"):
        address = reverse(f"instance-schedule-{deed}", args=[web.pk, schedule.pk])
        assert signed_in(alice).post(address, {"cron": "1 1 * * *"}).status_code == 404
    left = Schedule.objects.get()
    assert (left.cron, left.enabled) == ("0 0 * * *", True)


def test_many_schedules_cost_as_many_queries_as_one(
    alice: User, web: Instance, django_assert_max_num_queries
) -> None:
    def add() -> None:
        Schedule.objects.create(
            project=web.project, instance=web, created_by=alice, verb="stop", cron="0 0 * * *"
        )

    client = signed_in(alice)
    add()
    shown(client, web)
    with django_assert_max_num_queries(50) as one:
        shown(client, web)
    for _ in range(schedules.MOST - 1):
        add()
    with django_assert_max_num_queries(len(one)):
        shown(client, web)


def test_expiry_from_form_to_warning(alice: User, web: Instance) -> None:
    client = signed_in(alice)
    wrong = client.post(action(web, "set_expiry"), {"expires_at": "2001-01-01T00:00", "time_zone": "UTC"})
    assert wrong.status_code == 400
    assert b"over already" in wrong.content
    client.post(action(web, "set_expiry"), {"expires_at": "2040-07-01T12:00", "time_zone": "Europe/Berlin"})
    assert "2040-07-01 10:00" in shown(client, web)
    Instance.objects.update(expires_at=timezone.now() + timedelta(hours=5))
    assert "It goes to the recycle bin in" in shown(client, web)
    client.post(action(web, "set_expiry"), {"days": "7"})
    assert Instance.objects.get().expires_at > timezone.now() + timedelta(days=6)
    client.post(action(web, "set_expiry"), {"expires_at": ""})
    assert Instance.objects.get().expires_at is None


def test_cloning_from_the_form(alice: User, web: Instance) -> None:
    factories.PortFactory(instance=web, network=Network.objects.first() or factories.NetworkFactory())
    client = signed_in(alice)
    assert b'value="web-clone"' in client.get(action(web, "clone")).content
    wrong = client.post(action(web, "clone"), {"name": " "})
    assert wrong.status_code == 400
    assert b"Nothing was changed." in wrong.content
    answer = client.post(action(web, "clone"), {"name": "copy"})
    copy = Instance.objects.get(name="copy")
    assert answer.url == reverse("instance", args=[copy.pk])


def test_a_password_needs_an_agent_and_is_never_shown(alice: User, web: Instance) -> None:
    client = signed_in(alice)
    assert client.get(action(web, "set_password")).status_code == 409
    assert "Install qemu-guest-agent" in shown(client, web)
    Instance.objects.update(
        agent={"system": "Debian <12>", "kernel": "6.1", "hostname": "inside", "addresses": ["192.0.2.7"]}
    )
    page = shown(client, web)
    for told in ("Debian &lt;12&gt;", "inside", "192.0.2.7"):
        assert told in page
    wrong = client.post(action(web, "set_password"), {"admin_password": "hush hush", "user": "x" * 40})
    assert wrong.status_code == 400
    assert b"hush" not in wrong.content
    assert client.post(action(web, "set_password"), {"admin_password": "hush hush"}).status_code == 302
    assert Operation.objects.get().parameters["user"] == "root"
    assert "hush" not in shown(client, web)


@pytest.mark.parametrize("state", VmState)
def test_the_page_stands_in_every_state(alice: User, web: Instance, state: VmState) -> None:
    if state != VmState.DELETED:
        Instance.objects.update(vm_state=state, expires_at=timezone.now())
        shown(signed_in(alice), web)


@pytest.mark.parametrize(
    ("verb", "vm_state", "text", "undo"),
    [
        ("delete", VmState.STOPPED, "Deleting web", "restore"),
        ("lock", VmState.ACTIVE, "Locked web", "unlock"),
        ("stop", VmState.ACTIVE, "Shutting down web", ""),
    ],
)
def test_the_toast_says_what_has_begun_and_takes_it_back(
    alice: User, web: Instance, verb: str, vm_state: str, text: str, undo: str
) -> None:
    Instance.objects.update(vm_state=vm_state, launched_at=timezone.now())
    answer = signed_in(alice).post(action(web, verb), headers={"HX-Request": "true"})
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert (toast["kind"], toast["text"]) == ("success", text)
    assert toast["url"] == reverse("instance", args=[web.pk])
    assert toast["undo_url"] == (action(web, undo) if undo else "")


def test_what_is_in_the_bin_offers_to_come_back_and_nothing_else(alice: User, web: Instance) -> None:
    Instance.objects.update(
        vm_state=VmState.SOFT_DELETED,
        launched_at=timezone.now(),
        deleted_at=timezone.now(),
        restore_to="stopped",
    )
    text = shown(signed_in(alice), web)
    assert "is deleted for good in 23 h 59 min" in text
    assert action(web, "restore") in text
    for gone in ("Never expires", "No schedules", "ssh ", "Open console"):
        assert gone not in text


def test_a_size_can_only_be_confirmed_where_one_is_possible(alice: User, web: Instance) -> None:
    client, address = signed_in(alice), action(web, "resize")
    sentence = "No size is possible now; each says why."
    Flavor.objects.exclude(pk=web.flavor_id).delete()
    page = client.get(address).content.decode()
    assert sentence in page
    assert re.search(r"<button[^>]* data-once disabled>", page)
    factories.FlavorFactory(vcpus=web.vcpus + 1, ram_mib=web.ram_mib, disk_gib=web.disk_gib)
    page = client.get(address).content.decode()
    assert sentence not in page
    assert not re.search(r"<button[^>]* data-once disabled>", page)
