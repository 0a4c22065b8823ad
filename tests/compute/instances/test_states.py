"""Every verb in every state: the table, what menus offer, and what may really begin say the same."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import Context
from accounts.errors import Conflict, NotFound
from accounts.models import AuditEvent
from compute.engine import operations
from compute.engine.models import Operation
from compute.instances import states
from compute.instances.actions import begin, choices
from compute.instances.actions.launch import Launch
from compute.instances.models import Instance
from compute.instances.states import Colour, TaskState, VmState
from compute.volumes.models import Disk
from tests import factories
from tests.instance_actions import ACTIONS, MOVES
from tests.kept_rows import undone
from tests.proof import examples

BY_CLIENTS = {"set_metadata", "set_tags", "set_access", "set_hostname", "reset_state"}
"""What menus leave to the Compute API."""

AT_ONCE = {"rename", "describe", "lock", "unlock", "set_expiry", "cancel"} | BY_CLIENTS
ALWAYS = AT_ONCE | {"delete", "purge"}
MAY = {
    VmState.BUILDING: ALWAYS,
    VmState.ACTIVE: ALWAYS
    | {"stop", "reboot", "force_reboot", "force_stop", "pause", "suspend", "shelve"}
    | {"grow", "resize", "rescue", "rebuild", "clone", "take_image", "set_password"}
    | {"insert_cd", "eject_cd", "take_snapshot", "revert"},
    VmState.PAUSED: ALWAYS
    | {"unpause", "force_reboot", "force_stop", "shelve", "clone", "take_image"}
    | {"insert_cd", "eject_cd", "take_snapshot", "revert"},
    VmState.SUSPENDED: ALWAYS | {"resume", "force_reboot", "force_stop", "shelve", "take_image"},
    VmState.RESCUED: ALWAYS | {"unrescue"},
    VmState.RESIZED: ALWAYS | {"confirm_resize", "revert_resize"},
    VmState.SHELVED: ALWAYS | {"unshelve", "clone", "take_image"},
    VmState.STOPPED: ALWAYS
    | {"start", "force_reboot", "shelve", "resize", "rescue", "rebuild", "clone", "take_image"}
    | {"insert_cd", "eject_cd", "take_snapshot", "revert"},
    VmState.ERROR: ALWAYS | {"stop", "force_reboot", "force_stop", "rescue", "rebuild", "revert"},
    VmState.SOFT_DELETED: {"restore", "purge"},
    VmState.DELETED: set(),
}
"""What may begin while nothing is being done, written out by hand: a change of the rules shows here."""

MAY_WHILE_BUSY = ALWAYS | {"force_stop"}
MAY_WHILE_DELETING = {
    TaskState.SOFT_DELETING: AT_ONCE | {"delete", "purge"},
    TaskState.DELETING: AT_ONCE | {"purge"},
}
"""What is being deleted cannot be brought back by a lesser verb that would cancel the deletion."""


def parameters(verb: str, instance: Instance) -> dict[str, str]:
    """What the verb cannot do without."""
    if verb == "revert":
        return {"snapshot": str(instance.current_snapshot_id)}
    if verb in {"resize", "grow"}:
        return {"flavor_id": factories.FlavorFactory(disk_gib=50).pk}
    if verb == "insert_cd":
        return {"iso": str(factories.ImageFactory(disk_format="iso").pk)}
    return {
        "rename": {"name": "renamed"},
        "clone": {"name": "copy"},
        "set_password": {"admin_password": "a long one"},
        "reset_state": {"state": "active"},
    }.get(verb, {})


TASKS = (None, TaskState.POWERING_OFF, *MAY_WHILE_DELETING)
VERBS = [verb for verb in ACTIONS if verb != "cancel"]
"""`cancel` depends on what is being done: tests/compute/engine/test_cancel.py."""

WRITES = re.compile("INSERT|UPDATE|DELETE")


def expected(verb: str, vm_state: VmState, task_state: TaskState | None) -> bool:
    if task_state is None:
        return verb in MAY[vm_state]
    return verb in MAY[vm_state] & MAY_WHILE_DELETING.get(task_state, MAY_WHILE_BUSY)


def instance_in(
    context: Context, vm_state: VmState, task_state: TaskState | None, verb: str = ""
) -> Instance:
    """One that has been launched, as all but those being built have; a busy one has an operation at work."""
    instance = factories.InstanceFactory(
        project=context.project,
        user=context.user,
        vm_state=vm_state,
        locked=verb == "unlock",
        agent={},
        headroom={"vcpus": 4, "ram_mib": 4096, "slots": 8},
    )
    if verb in {"insert_cd", "eject_cd"}:
        medium = factories.ImageFactory(disk_format="iso") if verb == "eject_cd" else None
        factories.DiskFactory(instance=instance, role=Disk.Role.CDROM, device="sda", image=medium)
    if verb == "revert":
        factories.InstanceSnapshotFactory(instance=instance)
    return busy_with(task_state, instance) if task_state else instance


def busy_with(task_state: TaskState | None, instance: Instance) -> Instance:
    """The same instance, read anew, with this task and the operation that does it."""
    Instance.objects.filter(pk=instance.pk).update(task_state=task_state)
    instance = Instance.objects.get(pk=instance.pk)
    if task_state:
        factories.OperationFactory(
            instance=instance,
            state=Operation.State.RUNNING,
            lease_until=timezone.now() + timedelta(minutes=1),
        )
    return instance


def test_the_table_has_a_row_for_every_verb_that_changes_state() -> None:
    assert set(MOVES) == {*ACTIONS, "launch", "rebuild_volume"} - AT_ONCE
    assert Launch.verb not in ACTIONS


@pytest.mark.parametrize("verb", ACTIONS)
def test_the_table(verb: str) -> None:
    pairs = [(vm_state, task) for vm_state in VmState for task in (None, *TaskState)]
    assert [pair for pair in pairs if allows(verb, *pair)] == [
        pair for pair in pairs if expected(verb, *pair)
    ]


def allows(verb: str, vm_state: VmState, task_state: TaskState | None) -> bool:
    """What the action says of itself; one without a move is done at once, in every state that exists."""
    move = ACTIONS[verb].move
    return move.allows(vm_state, task_state) if move else vm_state in states.EXISTING


@pytest.mark.parametrize("vm_state", VmState)
@pytest.mark.parametrize("is_locked", [False, True])
def test_menus_follow_the_table(as_alice: Context, vm_state: VmState, *, is_locked: bool) -> None:
    """Whatever is being done meanwhile, and whether it is locked or not."""
    base = instance_in(as_alice, vm_state, None)
    base.locked = is_locked
    base.save()
    for task_state in TASKS:
        with undone():
            instance = busy_with(task_state, base)
            offered = {choice.action.verb: choice for choice in choices(as_alice, instance)}
            hidden = BY_CLIENTS | {"revert", "lock" if is_locked else "unlock"}  # it has no snapshot
            if vm_state == VmState.BUILDING:  # no guest has run yet
                hidden |= {verb for verb in VERBS if ACTIONS[verb].steps} - {"delete", "purge"}
            assert set(offered) - {"cancel"} == {*VERBS} - hidden
            for verb in {"unlock"} if is_locked else {*VERBS} - hidden:
                may = expected(really(verb, instance), vm_state, task_state)
                assert offered[verb].allowed is may, (verb, task_state)
                assert bool(offered[verb].reason) is not may, (verb, task_state)


@pytest.mark.parametrize(
    "vm_state",
    examples(VmState, VmState.BUILDING, VmState.ACTIVE, VmState.STOPPED, VmState.ERROR, VmState.DELETED),
)
@pytest.mark.parametrize("verb", VERBS)
def test_begin_follows_the_table(as_alice: Context, as_root: Context, verb: str, vm_state: VmState) -> None:
    """Whatever is being done meanwhile."""
    asker = as_root if verb == "reset_state" else as_alice
    base = instance_in(asker, vm_state, None, verb)
    for task_state in TASKS:
        with undone():
            instance = busy_with(task_state, base)
            may = expected(really(verb, instance), vm_state, task_state)
            assert begins(asker, verb, instance) is may, task_state


def begins(context: Context, verb: str, instance: Instance) -> bool:
    """Whether it did begin; if not, it said so in the right way and nothing has changed."""
    given, refusal = (
        parameters(verb, instance),
        NotFound if instance.vm_state == VmState.DELETED else Conflict,
    )
    try:
        with CaptureQueriesContext(connection) as queries:
            begin(context, f"instance.{verb}", instance.pk, parameters=given)
    except refusal:
        assert not [query["sql"] for query in queries if WRITES.match(query["sql"])]
        return False
    return True


def really(verb: str, instance: Instance) -> str:
    """What `verb` means here: what never ran is not worth keeping, so deleting it purges it."""
    return "purge" if verb == "delete" and instance.launched_at is None else verb


@pytest.mark.parametrize(
    ("verb", "vm_state"),
    [(verb, state) for verb in ACTIONS for state in VmState if verb in MAY[state] and verb in MOVES],
)
def test_what_begin_writes(as_alice: Context, verb: str, vm_state: VmState) -> None:
    instance = instance_in(as_alice, vm_state, None, verb)
    version = instance.version
    operation = begin(as_alice, f"instance.{verb}", instance.pk, parameters=parameters(verb, instance))
    assert operation is not None
    kind = really(verb, instance)

    row = Instance.objects.get(pk=instance.pk)
    assert row.task_state == MOVES[kind].task
    assert row.vm_state == (instance.restore_to if verb == "restore" else vm_state)
    assert row.version > version

    operation.refresh_from_db()
    assert (operation.kind, operation.state) == (f"instance.{kind}", Operation.State.PENDING)
    first = operation.holds.first()
    assert (first.resource_type, first.resource_id, first.shared) == ("instance", instance.pk, False)
    assert (operation.user, operation.project) == (as_alice.user, as_alice.project)
    assert (operation.attempt, operation.fence, operation.lease_until) == (0, 0, None)
    assert operation.request_id == "req-alice"

    event = AuditEvent.objects.get()
    assert (event.action, event.outcome) == (f"instance.{kind}", "requested")
    assert (event.user_name, event.project_id) == ("alice", as_alice.project.id)
    assert (event.target_type, event.target_id, event.target_name) == (
        "instance",
        str(instance.pk),
        instance.name,
    )
    assert (event.address, event.request_id) == ("192.0.2.1", "req-alice")


@pytest.mark.parametrize("verb", sorted(MAY_WHILE_BUSY - AT_ONCE))
def test_what_interrupts_cancels_what_runs_and_stands_behind_it(as_alice: Context, verb: str) -> None:
    instance = instance_in(as_alice, VmState.ACTIVE, TaskState.REBOOTING)
    operation = begin(as_alice, f"instance.{verb}", instance.pk)
    first, second = Operation.objects.on(instance.pk).order_by("created_at")
    assert first.cancel_requested
    assert (second, second.cancel_requested) == (operation, False)
    assert list(operations.due()) == [], "the first is at work, the second waits for it"


@pytest.mark.parametrize("verb", ["delete", "force_stop"])
def test_what_is_being_purged_is_not_brought_back(as_alice: Context, verb: str) -> None:
    """Cancelling a purge half way would leave an instance without its disk."""
    instance = instance_in(as_alice, VmState.ACTIVE, None)
    purge = begin(as_alice, "instance.purge", instance.pk)
    with pytest.raises(Conflict, match="Wait until “Removing for good” is done"):
        begin(as_alice, f"instance.{verb}", instance.pk)
    assert list(Operation.objects.on(instance.pk).filter(cancel_requested=False)) == [purge]


def test_rename_is_done_at_once(as_alice: Context) -> None:
    instance = factories.InstanceFactory(project=as_alice.project, name="before")
    assert begin(as_alice, "instance.rename", instance.pk, parameters={"name": " <b>after</b> "}) is None
    instance.refresh_from_db()
    assert (instance.name, instance.task_state, Operation.objects.on(instance.pk).count()) == (
        "<b>after</b>",
        None,
        0,
    )
    event = AuditEvent.objects.get()
    assert (event.outcome, event.target_name) == ("succeeded", "before")
    assert event.detail == {"from": "before", "to": "<b>after</b>"}


def test_the_refusal_says_why(as_alice: Context) -> None:
    busy = instance_in(as_alice, VmState.ACTIVE, TaskState.POWERING_OFF)
    with pytest.raises(Conflict, match="Wait until “Shutting down” is done"):
        begin(as_alice, "instance.reboot", busy.pk)
    stopped = instance_in(as_alice, VmState.STOPPED, None)
    with pytest.raises(Conflict, match="Not possible in the state “Off”"):
        begin(as_alice, "instance.stop", stopped.pk)


@pytest.mark.parametrize("state", VmState)
@pytest.mark.parametrize("task", [None, *TaskState])
def test_every_pair_has_a_status_and_a_colour(state: VmState, task: TaskState | None) -> None:
    assert states.status(state, task).isupper()
    assert states.colour(state, task) == (Colour.BLUE if task else states.colour(state, None))


def test_statuses_are_novas() -> None:
    assert [states.status(state, None) for state in VmState] == [
        "BUILD",
        "ACTIVE",
        "PAUSED",
        "SUSPENDED",
        "RESCUE",
        "VERIFY_RESIZE",
        "SHELVED_OFFLOADED",
        "SHUTOFF",
        "ERROR",
        "SOFT_DELETED",
        "DELETED",
    ]
    assert states.status(VmState.ACTIVE, TaskState.REBOOTING) == "REBOOT"
    assert states.status(VmState.ACTIVE, TaskState.REBOOTING_HARD) == "HARD_REBOOT"
    assert states.status(VmState.ERROR, TaskState.REBOOTING_HARD) == "ERROR"
    assert states.status(VmState.ERROR, TaskState.REBUILDING) == "REBUILD"


def test_choices_cost_no_query(as_alice: Context, django_assert_num_queries) -> None:
    instance = instance_in(as_alice, VmState.ACTIVE, None)
    with django_assert_num_queries(0):
        # It is not locked, idle, and has no snapshot.
        assert len(choices(as_alice, instance)) == len(ACTIONS) - 3 - len(BY_CLIENTS)
