"""Who waits for whom: operations on one row take turns, sharers wait for owners only."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.context import Context
from compute.engine import operations
from compute.engine.actions import registry
from compute.engine.models import Hold, Operation
from compute.engine.operations import queue
from compute.images.services import images
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.states import TaskState, VmState
from compute.networks.models import Network
from tests import factories
from tests.compute.engine.tiny_plan import TinyPlan
from tests.worker import run

pytestmark = pytest.mark.django_db
State = Operation.State


@pytest.fixture
def stepless_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cloning that copies nothing: what its rows go through is the subject here."""
    monkeypatch.setattr(registry.actions()["instance.clone"], "steps", ())


@pytest.fixture
def source(as_alice: Context, network: Network) -> Instance:
    source = factories.InstanceFactory(project=as_alice.project, name="source")
    factories.PortFactory(instance=source, network=network, address="10.48.0.10")
    return source


def hold(operation: Operation, row: object, *, shared: bool = False) -> None:
    noun = "image" if shared else "instance"
    Hold.objects.create(operation=operation, resource_type=noun, resource_id=row.pk, shared=shared)


def clone(context: Context, source: Instance, name: str) -> tuple[Instance, Operation]:
    operation = begin(context, "instance.clone", source.pk, parameters={"name": name})
    assert operation is not None
    return Instance.objects.get(pk=operation.parameters["copy"]), operation


def test_on_one_row_they_take_turns_in_the_order_in_which_they_came(plan: TinyPlan) -> None:
    instance = factories.InstanceFactory()
    line = [plan.begin(instance=instance) for _ in range(4)]
    for number, operation in enumerate(line):
        assert list(operations.due()) == [operation]
        assert set(queue.waiting_behind(operation)) == set(line[number + 1 :])
        assert plan.run(operation).state == State.SUCCEEDED
    assert not operations.due().exists()


def test_an_earlier_operation_of_a_later_time_comes_first(plan: TinyPlan) -> None:
    """Clocks of processes differ; the holds' ids, made under the row's lock, do not."""
    instance = factories.InstanceFactory()
    first, second = (plan.begin(instance=instance) for _ in range(2))
    Operation.objects.filter(pk=first.pk).update(created_at=timezone.now() + timedelta(hours=1))
    assert list(operations.due()) == [first]
    assert plan.run(second).state == State.PENDING


def test_sharers_wait_for_owners_alone(plan: TinyPlan) -> None:
    image = factories.ImageFactory()
    sharers = [plan.begin() for _ in range(2)]
    for sharer in sharers:
        hold(sharer, image, shared=True)
    owner = plan.begin()
    Hold.objects.create(operation=owner, resource_type="image", resource_id=image.pk)
    late = plan.begin()
    hold(late, image, shared=True)
    assert set(operations.due()) == set(sharers), "two share at once, the owner waits for both"
    plan.run(sharers[1])
    assert set(operations.due()) == {sharers[0]}
    plan.run(sharers[0])
    assert set(operations.due()) == {owner}, "who shares behind an owner waits"
    plan.run(owner)
    assert set(operations.due()) == {late}


def test_a_launch_and_a_rebuild_share_their_image_with_others(as_alice: Context) -> None:
    image = factories.ImageFactory(project=as_alice.project, visibility="private")
    for _ in range(2):
        web = factories.InstanceFactory(project=as_alice.project)
        begin(as_alice, "instance.rebuild", web.pk, parameters={"image_id": str(image.pk)})
    assert operations.due().count() == 2


@pytest.mark.usefixtures("stepless_clone")
def test_a_clone_keeps_both_rows_until_it_ends(as_alice: Context, source: Instance) -> None:
    copy, cloning = clone(as_alice, source, "copy")
    stops = [begin(as_alice, "instance.force_stop", source.pk), begin(as_alice, "instance.purge", copy.pk)]
    assert list(operations.due()) == [cloning]
    assert set(queue.waiting_behind(cloning)) == set(stops)
    run(cloning)
    assert set(operations.due()) == set(stops), "they do not wait for each other"


@pytest.mark.usefixtures("stepless_clone")
def test_two_clones_of_one_source_come_one_after_the_other(as_alice: Context, source: Instance) -> None:
    one, first = clone(as_alice, source, "one")
    assert list(operations.due()) == [first]
    assert run(first).state == State.SUCCEEDED
    two, second = clone(as_alice, source, "two")
    assert run(second).state == State.SUCCEEDED
    for row in Instance.objects.filter(pk__in=[source.pk, one.pk, two.pk]):
        assert (row.vm_state, row.task_state) == (VmState.ACTIVE, None)


@pytest.mark.usefixtures("stepless_clone")
def test_two_clones_in_line_do_not_run_at_once(as_alice: Context, source: Instance) -> None:
    """Menus refuse the second while the first is at work; where both are in line all the same, they take turns."""
    _one, first = clone(as_alice, source, "one")
    Instance.objects.filter(pk=source.pk).update(task_state=None)
    two, second = clone(as_alice, source, "two")
    assert list(operations.due()) == [first]
    assert run(second).state == State.PENDING
    assert run(first).state == State.SUCCEEDED
    source.refresh_from_db()
    assert source.task_state == TaskState.CLONING, "the second is in line"
    assert list(operations.due()) == [second]
    assert run(second).state == State.SUCCEEDED
    source.refresh_from_db()
    two.refresh_from_db()
    assert (source.task_state, two.vm_state) == (None, VmState.ACTIVE)


def test_deleting_the_copy_cancels_the_clone(as_alice: Context, source: Instance) -> None:
    copy, cloning = clone(as_alice, source, "copy")
    begin(as_alice, "instance.purge", copy.pk)
    cloning.refresh_from_db()
    assert cloning.cancel_requested
    assert run(cloning).state == State.CANCELLED


def test_an_open_operation_shows_on_the_rows_that_it_owns(as_alice: Context, source: Instance) -> None:
    copy, cloning = clone(as_alice, source, "copy")
    assert source.open_operation == copy.open_operation == cloning
    assert images.get_visible(as_alice, source.image_id).open_operation is None, "it only needs to stay"


def test_holds_go_with_their_operation(plan: TinyPlan) -> None:
    operation = plan.begin()
    assert Hold.objects.filter(operation=operation).exists()
    operation.delete()
    assert not Hold.objects.exists()
