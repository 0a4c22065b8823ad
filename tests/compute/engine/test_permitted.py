"""Menus and `begin` ask the same question: the reason that one shows is the reason that the other raises."""

import itertools
from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from accounts.context import Context, system_context
from accounts.errors import Conflict, Forbidden, NotFound
from compute.engine import kinds
from compute.engine.actions import registry
from compute.engine.actions.begin import try_begin
from compute.engine.actions.permitted import choice, refusal
from compute.engine.models import Operation
from compute.images.models import Image
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.states import TaskState, VmState
from tests import factories
from tests.instance_actions import ACTIONS

pytestmark = pytest.mark.django_db
STATES = [state for state in VmState if state != VmState.DELETED]
TASKS = (None, TaskState.POWERING_OFF, TaskState.SOFT_DELETING, TaskState.DELETING)


@pytest.mark.parametrize("verb", ACTIONS)
def test_the_menus_reason_is_what_begin_raises(as_alice: Context, as_ruth: Context, verb: str) -> None:
    """For every action in every state, busy or not, locked or not, for those who may and those who may not."""
    action = ACTIONS[verb]
    instance = factories.InstanceFactory(project=as_alice.project)
    askers = ((as_alice, False), (as_alice, True), (as_ruth, False))
    for state, task, (asker, locked) in itertools.product(STATES, TASKS, askers):
        Instance.objects.filter(pk=instance.pk).update(vm_state=state, task_state=task, locked=locked)
        instance.vm_state, instance.task_state, instance.locked = state, task, locked
        shown = choice(asker, instance, action)
        error = refusal(asker, action, instance)
        assert shown.allowed is (error is None)
        if error is None:
            continue  # that it then begins is proved in tests/compute/instances/test_states.py
        with pytest.raises(type(error)) as raised:
            begin(asker, action.name, instance.pk)
        assert str(raised.value) == str(error), (state, task, locked)
        if isinstance(error, Forbidden):
            assert shown.reason == "Your role does not allow this."
        else:
            assert shown.reason == str(raised.value)
    assert not Operation.objects.exists()


@pytest.mark.parametrize("status", [status for status in Image.Status if status != Image.Status.DELETED])
@pytest.mark.parametrize("task", [None, Image.SAVING, Image.DELETING])
def test_so_do_those_of_images(as_alice: Context, status: str, task: str | None) -> None:
    action = registry.actions()["image.delete"]
    for used in (False, True):
        image = factories.ImageFactory(
            project=as_alice.project, visibility="private", status=status, task_state=task
        )
        if used:
            factories.InstanceFactory(project=as_alice.project, image=image)
        error = refusal(as_alice, action, image)
        assert choice(as_alice, image, action).reason == str(error or "")
        if error is None:
            begin(as_alice, "image.delete", image.pk)
            continue
        with pytest.raises(Conflict) as raised:
            begin(as_alice, "image.delete", image.pk)
        assert str(raised.value) == str(error)


MAKERS = {
    "instance": factories.InstanceFactory,
    "instance_snapshot": factories.InstanceSnapshotFactory,
    "image": factories.ImageFactory,
    "volume": factories.VolumeFactory,
    "volume_snapshot": factories.VolumeSnapshotFactory,
    "backup": factories.BackupFactory,
}


@pytest.mark.parametrize("noun", kinds.registered())
def test_the_rule_is_asked_before_the_state(as_ruth: Context, noun: str) -> None:
    """A reader hears of the role, whatever state the row is in, busy or not."""
    kind = kinds.registered()[noun]
    row = MAKERS[noun](project=as_ruth.project)
    column = kind.model._meta.get_field(kind.model.STATE)
    states = kind.existing_states | {value for value, _label in column.choices or ()} - kind.deleted_states
    for state, task in itertools.product(states, (None, "deleting")):
        kind.model._default_manager.filter(pk=row.pk).update(**{kind.model.STATE: state, "task_state": task})
        for action in registry.of_noun(noun):
            with pytest.raises(Forbidden):
                begin(as_ruth, action.name, row.pk)
    assert not Operation.objects.exists()


def test_asking_of_an_instance_costs_no_query(as_alice: Context, django_assert_num_queries) -> None:
    instance = factories.InstanceFactory(project=as_alice.project)
    with django_assert_num_queries(0):
        for action in ACTIONS.values():
            refusal(as_alice, action, instance)


# ── In Meridian's own name ───────────────────────────────────────────────────────────────────────
def test_meridian_itself_may_everything_and_is_nobody(as_alice: Context) -> None:
    context = system_context()
    assert context.is_admin
    web = factories.InstanceFactory(project=as_alice.project, locked=True)
    operation = begin(context, "instance.stop", web.pk)
    assert operation is not None
    assert (operation.user, operation.project) == (None, as_alice.project)


def test_beginning_quietly_says_whether_it_has_begun(as_alice: Context) -> None:
    def quietly(row: Instance, only: Q) -> bool:
        return try_begin("instance.stop", row.pk, only=only, reason="test")

    rest = factories.InstanceFactory(project=as_alice.project)
    assert not quietly(rest, Q(name="another")), "the condition must still hold"
    assert not Operation.objects.exists()
    assert quietly(rest, Q(name=rest.name))
    assert not quietly(rest, Q()), "it is busy now"
    off = factories.InstanceFactory(vm_state=VmState.STOPPED)
    assert not quietly(off, Q()), "its state does not allow it"
    gone = factories.InstanceFactory(vm_state=VmState.DELETED)
    assert not quietly(gone, Q())
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("name", ["", "stop", "instance.", "instance.fly", "image.stop", "instance.launch"])
def test_an_unknown_name_begins_nothing(as_root: Context, name: str) -> None:
    with pytest.raises(NotFound):
        begin(as_root, name, factories.InstanceFactory().pk)


# ── Once ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("key", ["abc", "x" * 10_000, "\0", "\ud800"])
def test_the_same_key_begins_one_operation(as_alice: Context, key: str) -> None:
    web = factories.InstanceFactory(project=as_alice.project)
    first = begin(as_alice, "instance.stop", web.pk, idempotency_key=key)
    assert begin(as_alice, "instance.stop", web.pk, idempotency_key=key) == first, "though it is busy now"
    Operation.objects.update(state=Operation.State.SUCCEEDED, finished_at=timezone.now() - timedelta(days=1))
    Instance.objects.update(task_state=None, vm_state=VmState.STOPPED)
    assert begin(as_alice, "instance.stop", web.pk, idempotency_key=key) == first, "though it is long over"
    assert Operation.objects.count() == 1


def test_a_key_counts_for_its_action_and_row(as_alice: Context) -> None:
    one, other = factories.InstanceFactory.create_batch(2, project=as_alice.project)
    begun = {
        begin(as_alice, "instance.stop", one.pk, idempotency_key="k"),
        begin(as_alice, "instance.delete", one.pk, idempotency_key="k"),
        begin(as_alice, "instance.stop", other.pk, idempotency_key="k"),
    }
    assert len(begun) == 3


def test_a_key_opens_nothing_to_those_who_may_not(as_alice: Context, as_ruth: Context) -> None:
    web = factories.InstanceFactory(project=as_alice.project)
    begin(as_alice, "instance.stop", web.pk, idempotency_key="k")
    with pytest.raises(Forbidden):
        begin(as_ruth, "instance.stop", web.pk, idempotency_key="k")


def test_a_key_of_what_was_refused_is_free_again(as_alice: Context) -> None:
    web = factories.InstanceFactory(project=as_alice.project, vm_state=VmState.STOPPED)
    with pytest.raises(Conflict):
        begin(as_alice, "instance.stop", web.pk, idempotency_key="k")
    Instance.objects.update(vm_state=VmState.ACTIVE)
    assert begin(as_alice, "instance.stop", web.pk, idempotency_key="k") is not None
