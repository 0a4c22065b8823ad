"""Cancelling what runs: undone as long as that helps, refused with a reason when it does not."""

import pytest
from django.utils import timezone

from accounts.context import Context
from accounts.errors import Conflict
from accounts.models import AuditEvent
from compute.engine import operations
from compute.engine.models import Operation
from compute.instances.actions import begin, choices
from compute.instances.models import Instance
from compute.instances.services import volume_disks
from compute.instances.states import TaskState, VmState
from tests import factories
from tests.instance_actions import ALL, MOVES, end

State = Operation.State
CANCELLABLE = {
    "launch",
    "clone",
    "grow",
    "take_image",
    "take_snapshot",
    "resize",
    "rebuild",
    "rebuild_volume",
    "shelve",
}
FINAL = {
    "rebuild": ["exchange", "config_drive", "define", "start"],
    "rebuild_volume": ["exchange", "config_drive", "define", "start"],
    "grow": ["memory", "processors", "live_disk", "define"],
}
"""The steps after which there is no way back."""

STEPS = [(verb, step.name) for verb in sorted(CANCELLABLE) for step in ALL[verb].steps]


def at_work(context: Context, verb: str, **fields: object) -> Operation:
    """An operation of `verb` that has come to a step."""
    start = VmState.STOPPED if verb == "restore" else sorted(MOVES[verb].start)[0]
    instance = factories.InstanceFactory(project=context.project, vm_state=start, task_state=MOVES[verb].task)
    return factories.OperationFactory(
        instance=instance,
        kind=f"instance.{verb}",
        **{"state": State.RUNNING, "parameters": factories.what_it_makes(verb)} | fields,
    )


def offered(context: Context, instance: Instance) -> bool:
    return any(choice.action.verb == "cancel" and choice.allowed for choice in choices(context, instance))


def test_which_verbs_can_be_cancelled() -> None:
    found = {verb for verb, action in ALL.items() if action.cancellable}
    assert found == CANCELLABLE


@pytest.mark.parametrize(("verb", "step"), STEPS)
def test_at_every_step_pages_offer_what_can_be_done(as_alice: Context, verb: str, step: str) -> None:
    operation = at_work(as_alice, verb, step=step)
    late = step in FINAL.get(verb, [])
    assert offered(as_alice, factories.instance_of(operation)) is not late
    if late:
        with pytest.raises(Conflict, match="too far"):
            begin(as_alice, "instance.cancel", operation.subject_id)
    else:
        assert begin(as_alice, "instance.cancel", operation.subject_id) is None
        event = AuditEvent.objects.get()
        assert (event.action, event.user_name) == ("instance.cancel", "alice")
        assert event.detail == {"operation": str(operation.pk), "kind": f"instance.{verb}"}
    operation.refresh_from_db()
    assert operation.cancel_requested is not late


@pytest.mark.parametrize("verb", sorted(MOVES.keys() - CANCELLABLE))
def test_other_verbs_say_that_they_cannot_be_cancelled(as_alice: Context, verb: str) -> None:
    operation = at_work(as_alice, verb)
    assert not offered(as_alice, factories.instance_of(operation))
    with pytest.raises(Conflict, match="cannot be cancelled"):
        begin(as_alice, "instance.cancel", operation.subject_id)


def test_nothing_to_cancel(as_alice: Context) -> None:
    instance = factories.InstanceFactory(project=as_alice.project)
    with pytest.raises(Conflict, match="Nothing is being done"):
        begin(as_alice, "instance.cancel", instance.pk)


def test_what_is_undone_already_is_not_cancelled_again(as_alice: Context) -> None:
    for fields in ({"state": State.UNDOING}, {"cancel_requested": True}):
        operation = at_work(as_alice, "shelve", **fields)
        assert not offered(as_alice, factories.instance_of(operation))
        with pytest.raises(Conflict, match="undone already"):
            begin(as_alice, "instance.cancel", operation.subject_id)


def test_a_worker_that_has_just_begun_the_final_step_wins(as_alice: Context) -> None:
    """The row that was read is old: what counts is the step that stands there when the request is written."""
    operation = at_work(as_alice, "rebuild", step="new_disk")
    Operation.objects.filter(pk=operation.pk).update(step="exchange")
    assert not operations.cancel_unless(operation, FINAL["rebuild"])
    assert not Operation.objects.get().cancel_requested


def test_a_reader_cannot_cancel(as_ruth: Context) -> None:
    operation = at_work(as_ruth, "shelve")
    assert not offered(as_ruth, factories.instance_of(operation))


@pytest.mark.parametrize(
    ("verb", "was", "ends"),
    [
        ("launch", VmState.BUILDING, VmState.ERROR),
        ("resize", VmState.ACTIVE, VmState.ACTIVE),
        ("shelve", VmState.STOPPED, VmState.STOPPED),
        ("clone", VmState.PAUSED, VmState.PAUSED),
        ("take_image", VmState.SUSPENDED, VmState.SUSPENDED),
    ],
)
def test_cancelled_before_it_began_it_leaves_the_instance_as_it_was(
    as_alice: Context, verb: str, was: VmState, ends: VmState
) -> None:
    instance = factories.InstanceFactory(project=as_alice.project, vm_state=was, task_state=MOVES[verb].task)
    parameters = factories.what_it_makes(verb)
    operation = factories.OperationFactory(instance=instance, kind=f"instance.{verb}", parameters=parameters)
    begin(as_alice, "instance.cancel", instance.pk)
    operations.execute(str(operation.pk))
    row = Instance.objects.get(pk=instance.pk)
    assert (row.vm_state, row.task_state) == (ends, None)
    assert Operation.objects.get(pk=operation.pk).state == State.CANCELLED
    if ends == VmState.ERROR:
        assert row.fault is not None
        assert "cancelled" in row.fault["message"]


def test_who_is_in_line_still_has_the_last_word(as_alice: Context) -> None:
    operation = at_work(as_alice, "shelve", state=State.PENDING)
    begin(as_alice, "instance.purge", operation.subject_id)
    Operation.objects.update(due_at=timezone.now())
    operations.execute(str(operation.pk))
    row = Instance.objects.get()
    assert row.task_state == TaskState.DELETING


@pytest.mark.parametrize("deletion", ["delete", "purge"])
@pytest.mark.parametrize("how", ["cancelled", "failed"])
@pytest.mark.parametrize(("verb", "is_done"), [("attach", False), ("detach", False), ("detach", True)])
def test_a_volume_is_free_again_whatever_its_instance_was_doing(
    as_alice: Context, verb: str, is_done: bool, how: str, deletion: str
) -> None:
    """The deletion of the instance calls off what moves the volume, at any moment of it."""
    instance = factories.InstanceFactory(project=as_alice.project)
    if verb == "attach":
        volume = factories.VolumeFactory(project=as_alice.project)
        volume.disk.pool.hosts.set([])
        moving = begin(as_alice, "volume.attach", volume.pk, parameters={"instance": str(instance.pk)})
    else:
        volume = factories.AttachmentFactory(instance=instance).volume
        moving = begin(as_alice, "volume.detach", volume.pk)
    assert moving is not None
    deleting = begin(as_alice, f"instance.{deletion}", instance.pk)
    assert deleting is not None
    if is_done:
        volume_disks.unplug(volume)
    moving.refresh_from_db()
    end(moving, how)
    deleting.refresh_from_db()
    end(deleting)
    volume.refresh_from_db()
    assert (volume.status, volume.task_state, volume.attachment) == ("available", None, None)
