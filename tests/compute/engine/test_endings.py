"""How actions end: the instance's state, its fault and the audit, and what stays for the next in line."""

import pytest
from django.utils import timezone

from accounts.context import Context
from accounts.models import AuditEvent
from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations.execute import ATTEMPTS
from compute.engine.services import transitions
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.services import machine_disks
from compute.instances.states import TaskState, VmState
from tests import factories
from tests.instance_actions import ALL, MOVES, end

pytestmark = pytest.mark.django_db
ERROR = {"code": "storage_full", "message": "The disk is full."}
EVERY_MOVE = [(verb, start) for verb, move in MOVES.items() for start in sorted(move.start)]


def running(verb: str, start: VmState, **fields: object) -> Operation:
    """An operation of `verb` at work on an instance that was in `start`, as beginning it left the row."""
    restored = {"restore_to": VmState.STOPPED} if verb in {"restore", "delete"} else {}
    vm_state = VmState.STOPPED if verb == "restore" else start
    instance = factories.InstanceFactory(vm_state=vm_state, task_state=MOVES[verb].task, **restored)
    return factories.OperationFactory(
        instance=instance,
        kind=f"instance.{verb}",
        state=Operation.State.RUNNING,
        request_id="req-1",
        parameters=factories.what_it_makes(verb),
        **fields,
    )


@pytest.mark.parametrize(("verb", "start"), EVERY_MOVE)
def test_success_leads_to_the_end_of_the_move(verb: str, start: VmState) -> None:
    operation = running(verb, start)
    Instance.objects.update(fault={"code": "old"})
    end(operation, "succeeded")
    row = Instance.objects.get(pk=operation.subject_id)
    expected = VmState.STOPPED if verb == "restore" else MOVES[verb].end or start
    assert (row.vm_state, row.task_state, row.fault) == (expected, None, None)
    assert (row.launched_at is not None) or expected != VmState.ACTIVE
    event = AuditEvent.objects.get()
    assert (event.action, event.outcome, event.request_id) == (f"instance.{verb}", "succeeded", "req-1")
    assert (event.project_id, event.target_id) == (row.project_id, str(row.pk))


@pytest.mark.parametrize(("verb", "start"), EVERY_MOVE)
def test_failure_leads_to_the_declared_state_and_keeps_the_reason(verb: str, start: VmState) -> None:
    operation = running(verb, start, error=ERROR)
    before = factories.instance_of(operation).vm_state
    end(operation, "failed")
    row = Instance.objects.get(pk=operation.subject_id)
    assert row.vm_state == (MOVES[verb].failed or before)
    assert row.task_state is None
    assert row.fault is not None
    assert {key: row.fault[key] for key in ERROR} == ERROR
    event = AuditEvent.objects.get()
    assert (event.outcome, event.detail["error"]) == ("failed", ERROR)


@pytest.mark.parametrize("ending", ["succeeded", "failed"])
def test_the_task_of_the_next_in_line_stays(ending: str) -> None:
    operation = running("reboot", VmState.ACTIVE, error=ERROR if ending == "failed" else None)
    transitions.set_task(factories.instance_of(operation), TaskState.SOFT_DELETING)
    factories.OperationFactory(instance=factories.instance_of(operation), kind="instance.delete")
    end(operation, ending)
    assert Instance.objects.get().task_state == TaskState.SOFT_DELETING


def test_a_cancelled_one_leaves_the_instance_to_who_cancelled_it() -> None:
    operation = running("launch", VmState.BUILDING)
    factories.OperationFactory(instance=factories.instance_of(operation), kind="instance.purge")
    transitions.set_task(factories.instance_of(operation), TaskState.DELETING)
    before = Instance.objects.values().get()
    end(operation, "cancelled")
    assert Instance.objects.values().get() == before
    assert AuditEvent.objects.get().outcome == "failed"


@pytest.mark.parametrize("ending", ["failed", "cancelled", "stuck"])
def test_a_rescue_that_does_not_succeed_boots_from_its_own_disk(ending: str) -> None:
    operation = running("rescue", VmState.ACTIVE, error=ERROR, leftovers=[])
    instance = factories.instance_of(operation)
    pool = factories.PoolFactory(hosts=[factories.HypervisorFactory()])
    root = factories.DiskFactory(instance=instance, pool=pool, role="root", device="vda")
    machine_disks.plug_rescue(instance, instance.image_id, 2**30)
    end(operation, ending)
    assert dict(instance.disks.values_list("role", "device")) == {"root": "vda", "rescue": ""}
    assert machine_disks.root(instance) == root


def test_purging_takes_ports_host_and_passes_but_keeps_the_row() -> None:
    operation = running("purge", VmState.ACTIVE)
    instance = factories.instance_of(operation)
    transitions.change(instance, hypervisor=factories.HypervisorFactory())
    factories.PortFactory(instance=instance)
    end(operation, "succeeded")
    row = Instance.objects.get()
    assert (row.vm_state, row.hypervisor, row.ports.count()) == (VmState.DELETED, None, 0)
    assert row.deleted_at is not None


def test_deletion_starts_the_bins_clock() -> None:
    operation = running("delete", VmState.ACTIVE)
    end(operation, "succeeded")
    assert Instance.objects.get().deleted_at is not None


def test_every_action_is_a_plan_with_named_steps() -> None:
    for verb in ALL:
        names = [step.name for step in ALL[verb].steps]
        assert len(names) == len(set(names)), verb
        assert all(step.label for step in ALL[verb].steps)
        assert bool(names) is (verb in MOVES)


def test_every_change_raises_the_version() -> None:
    instance = factories.InstanceFactory()
    changes = (
        lambda: transitions.change(instance),
        lambda: transitions.set_task(instance, TaskState.REBOOTING),
        lambda: transitions.settle(instance, VmState.STOPPED),
        lambda: transitions.fail(instance, None),
    )
    for number, change in enumerate(changes, start=2):
        change()
        assert Instance.objects.get().version == number


def test_a_first_launch_is_dated_once() -> None:
    instance = factories.InstanceFactory(vm_state=VmState.BUILDING)
    transitions.settle(instance, VmState.ACTIVE)
    first = Instance.objects.get().launched_at
    assert first is not None
    transitions.settle(Instance.objects.get(), VmState.ACTIVE)
    assert Instance.objects.get().launched_at == first


def test_changing_by_a_stale_copy_keeps_what_others_wrote() -> None:
    instance = factories.InstanceFactory(name="first")
    stale = Instance.objects.get()
    transitions.change(instance, name="second")
    transitions.settle(stale, VmState.STOPPED)
    assert Instance.objects.get().name == "second"


def test_what_no_api_shows_leaves_the_time_of_the_last_change() -> None:
    instance = factories.InstanceFactory()
    before = Instance.objects.get()
    for fields in ({"agent": {}}, {"headroom": None}, {"boot_stage": "address"}):
        transitions.change(instance, **fields)
    after = Instance.objects.get()
    assert (after.updated_at, after.version) == (before.updated_at, before.version + 3)
    transitions.change(instance, name="other", agent=None)
    assert Instance.objects.get().updated_at > before.updated_at


@pytest.mark.parametrize("verb", ["stop", "force_reboot"])
def test_what_never_found_a_host_says_so_at_once(as_alice: Context, verb: str) -> None:
    instance = factories.InstanceFactory(project=as_alice.project, vm_state=VmState.ERROR)
    operation = begin(as_alice, f"instance.{verb}", instance.pk)
    assert operation is not None
    operations.execute(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, operation.attempt) == (Operation.State.FAILED, 1)
    assert "never found a host" in operation.error["message"]


@pytest.mark.parametrize("verb", ["delete", "purge", "force_stop"])
def test_what_never_found_a_host_can_be_deleted(as_alice: Context, verb: str) -> None:
    instance = factories.InstanceFactory(project=as_alice.project, vm_state=VmState.ERROR)
    operation = begin(as_alice, f"instance.{verb}", instance.pk)
    assert operation is not None
    operations.execute(str(operation.pk))
    assert Instance.objects.get().vm_state == MOVES[verb].end


def test_a_start_that_fails_leaves_the_guest_defined(as_alice: Context) -> None:
    """Undoing must not reach for the host at all: this one cannot be reached."""
    host = factories.HypervisorFactory(uri="test:///nowhere.xml")
    instance = factories.InstanceFactory(project=as_alice.project, vm_state=VmState.STOPPED, hypervisor=host)
    operation = begin(as_alice, "instance.start", instance.pk)
    assert operation is not None
    for _ in range(ATTEMPTS):
        Operation.objects.update(due_at=timezone.now())
        operations.execute(str(operation.pk))
    operation.refresh_from_db()
    assert operation.state == Operation.State.FAILED
    assert [entry["name"] for entry in operation.timeline if entry["undone"]] == ["network", "define"]
    row = Instance.objects.get()
    assert (row.vm_state, row.task_state) == (VmState.STOPPED, None)
    assert row.fault is not None
