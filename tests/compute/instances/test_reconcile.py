"""Rows follow what guests really are, unless an operation is at work on them."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from compute.driver.specs import GuestFacts, PowerState
from compute.engine.models import Operation
from compute.instances.models import Instance
from compute.instances.services import reconcile
from compute.instances.states import TaskState, VmState
from tests import factories

pytestmark = pytest.mark.django_db


def placed(**fields: object) -> Instance:
    """An instance on a host of its own."""
    return factories.InstanceFactory(hypervisor=factories.HypervisorFactory(), **fields)


def facts(instance: Instance, power: PowerState, reason: str = "") -> GuestFacts:
    return GuestFacts(uuid=str(instance.pk), name=instance.guest_name, power=power, reason=reason, tag=None)


def after(instance: Instance, seen: GuestFacts | None, **more: object) -> Instance:
    host = instance.hypervisor or factories.HypervisorFactory()
    reconcile.apply(host, instance.pk, seen, **more)  # type: ignore[arg-type]
    return Instance.objects.get(pk=instance.pk)


@pytest.mark.parametrize(
    ("was", "power", "now"),
    [
        (VmState.ACTIVE, PowerState.SHUT_OFF, VmState.STOPPED),
        (VmState.ACTIVE, PowerState.PAUSED, VmState.PAUSED),
        (VmState.PAUSED, PowerState.RUNNING, VmState.ACTIVE),
        (VmState.STOPPED, PowerState.RUNNING, VmState.ACTIVE),
        (VmState.PAUSED, PowerState.SHUT_OFF, VmState.STOPPED),
        (VmState.ACTIVE, PowerState.CRASHED, VmState.STOPPED),
    ],
)
def test_what_happened_outside_is_shown_and_audited(was: VmState, power: PowerState, now: VmState) -> None:
    instance = placed(vm_state=was)
    row = after(instance, facts(instance, power))
    assert (row.vm_state, row.task_state, row.fault) == (now, None, None)
    assert row.version > instance.version
    event = AuditEvent.objects.get()
    assert (event.action, event.user_id, event.project_id) == (
        "instance.changed_outside",
        "",
        instance.project_id,
    )
    assert (event.detail["was"], event.detail["now"]) == (instance.status, row.status)


@pytest.mark.parametrize("reason", ["crashed", "failed"])
def test_a_dead_qemu_is_shutoff_with_the_reason_and_its_disk_kept(reason: str) -> None:
    instance = placed()
    row = after(instance, facts(instance, PowerState.SHUT_OFF, reason))
    assert (row.status, row.fault["code"]) == ("SHUTOFF", reason)
    assert "disk is kept" in row.fault["message"]


def test_a_full_disk_is_paused_with_the_reason_until_it_runs_again() -> None:
    instance = placed()
    row = after(instance, facts(instance, PowerState.PAUSED, "io_error"))
    assert (row.status, row.fault["code"]) == ("PAUSED", "io_error")
    row = after(row, facts(instance, PowerState.RUNNING))
    assert (row.status, row.fault) == ("ACTIVE", None)


@pytest.mark.parametrize("was", [VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED])
def test_a_missing_guest_is_an_error_that_says_the_way_out(was: VmState) -> None:
    row = after(placed(vm_state=was, agent={"hostname": "web"}, boot_stage="reachable"), None)
    assert (row.status, row.fault["code"]) == ("ERROR", "missing")
    assert (row.agent, row.boot_stage) == (None, ""), "nothing answers any more"
    assert "Force reboot" in row.fault["message"]


@pytest.mark.parametrize("was", [VmState.BUILDING, VmState.ERROR, VmState.SOFT_DELETED, VmState.DELETED])
@pytest.mark.parametrize("power", [None, PowerState.RUNNING, PowerState.SHUT_OFF])
def test_unsettled_rows_stay(was: VmState, power: PowerState | None) -> None:
    instance = placed(vm_state=was)
    assert_untouched(instance, power and facts(instance, power))


@pytest.mark.parametrize("state", Operation.OPEN)
@pytest.mark.parametrize("power", [None, PowerState.SHUT_OFF])
def test_a_row_with_an_operation_at_work_stays(state: str, power: PowerState | None) -> None:
    instance = placed(task_state=TaskState.POWERING_OFF)
    factories.OperationFactory(instance=instance, state=state)
    assert_untouched(instance, power and facts(instance, power))


@pytest.mark.parametrize("state", [Operation.State.SUCCEEDED, Operation.State.FAILED])
def test_a_finished_operation_shields_nothing(state: str) -> None:
    instance = placed()
    factories.OperationFactory(instance=instance, state=state)
    assert after(instance, facts(instance, PowerState.SHUT_OFF)).status == "SHUTOFF"


@pytest.mark.parametrize("power", [PowerState.RUNNING, PowerState.SHUTTING_DOWN, PowerState.UNKNOWN])
def test_what_agrees_or_says_nothing_changes_nothing(power: PowerState) -> None:
    instance = placed()
    assert_untouched(instance, facts(instance, power))


def test_a_row_newer_than_what_was_read_stays() -> None:
    instance = placed()
    read_at = timezone.now()
    Instance.objects.update(updated_at=read_at + timedelta(milliseconds=1))
    assert_untouched(instance, None, read_at=read_at)
    Instance.objects.update(updated_at=read_at - 2 * reconcile.GRACE)
    assert after(instance, None, read_at=read_at).status == "ERROR"


def test_said_twice_it_is_written_once() -> None:
    instance = placed()
    row = after(instance, facts(instance, PowerState.SHUT_OFF))
    assert after(instance, facts(instance, PowerState.SHUT_OFF)).version == row.version
    assert AuditEvent.objects.count() == 1


def test_unknown_guests_are_left_alone() -> None:
    reconcile.apply(factories.HypervisorFactory(), uuid.uuid4(), None)
    assert not AuditEvent.objects.exists()


def assert_untouched(instance: Instance, seen: GuestFacts | None, **more: object) -> None:
    before = Instance.objects.values().get(pk=instance.pk)
    after(instance, seen, **more)
    assert Instance.objects.values().get(pk=instance.pk) == before
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("seen", [None, PowerState.SHUT_OFF], ids=["unknown", "off"])
def test_a_host_says_nothing_of_what_is_on_another(seen: PowerState | None) -> None:
    instance, other = placed(), factories.HypervisorFactory()
    facts = seen and GuestFacts(
        uuid=str(instance.pk), name=instance.guest_name, power=seen, reason="", tag=None
    )
    reconcile.apply(other, instance.pk, facts)
    assert Instance.objects.get(pk=instance.pk).vm_state == VmState.ACTIVE
