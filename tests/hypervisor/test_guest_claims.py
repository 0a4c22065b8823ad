"""The last wall: a guest's own tag refuses a worker with an older claim, whatever the database told that worker."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.utils import timezone

from compute.driver.errors import GuestClaimed
from compute.driver.guest.domain import Guest
from compute.driver.specs import GuestSpec, PowerState
from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations import LeaseLost, Run
from compute.instances.actions.claims import claim_guest
from compute.instances.models import Instance
from compute.instances.services import guest_spec
from compute.instances.states import TaskState
from tests import factories
from tests.hypervisor.conftest import Workshop

pytestmark = pytest.mark.django_db
State = Operation.State


@pytest.fixture
def spec(workshop: Workshop) -> GuestSpec:
    return workshop.spec()


@pytest.fixture
def instance(workshop: Workshop, spec: GuestSpec) -> Instance:
    host = factories.HypervisorFactory(uri=workshop.uri)
    return factories.InstanceFactory(pk=spec.uuid, hypervisor=host, task_state=TaskState.POWERING_OFF)


@pytest.fixture
def tagged(workshop: Workshop, spec: GuestSpec, instance: Instance) -> Callable[[Operation, int], Guest]:
    """The running guest, tagged with so many claims of an operation."""

    def make(operation: Operation, fence: int) -> Guest:
        tag = replace(guest_spec.build_tag(instance, operation), fence=fence)
        guest = Guest.define(workshop.uri, replace(spec, tag=tag))
        guest.start()
        return guest

    return make


def begin(instance: Instance, kind: str = "instance.force_stop") -> Operation:
    return factories.OperationFactory(instance=instance, kind=kind)


def run_of(operation: Operation) -> Run:
    run = Run.claim(str(operation.pk))
    assert run is not None
    return run


@pytest.mark.parametrize("write", [True, False])
def test_an_earlier_claim_of_the_same_operation(
    instance: Instance, tagged: Callable[[Operation, int], Guest], write: bool
) -> None:
    run = run_of(begin(instance))
    run.check()
    guest = tagged(run.operation, 2)
    with pytest.raises(LeaseLost) as refused:
        claim_guest(run, write=write)
    assert isinstance(refused.value.__cause__, GuestClaimed)
    assert guest.tag().fence == 2


@pytest.mark.parametrize("write", [True, False])
def test_an_earlier_operation_however_often_it_was_claimed(
    instance: Instance, tagged: Callable[[Operation, int], Guest], write: bool
) -> None:
    earlier, later = begin(instance), begin(instance)
    Operation.objects.filter(pk=earlier.pk).update(fence=40)
    run = run_of(earlier)
    guest = tagged(later, 1)
    with pytest.raises(LeaseLost):
        claim_guest(run, write=write)
    assert guest.tag().operation == str(later.pk)


def test_the_newest_claim_writes_its_name(
    instance: Instance, tagged: Callable[[Operation, int], Guest]
) -> None:
    earlier, later = begin(instance), begin(instance)
    guest = tagged(earlier, 7)
    Operation.objects.filter(pk=earlier.pk).update(state=State.SUCCEEDED)
    run = run_of(later)
    claim_guest(run, write=False)
    assert guest.tag().operation == str(earlier.pk), "it only looked"
    claim_guest(run)
    assert (guest.tag().operation, guest.tag().fence) == (str(later.pk), 1)
    claim_guest(run)


def test_a_worker_that_comes_late_stops_before_it_acts(
    instance: Instance, tagged: Callable[[Operation, int], Guest]
) -> None:
    """It holds the lease by its database, and still neither acts nor writes how the operation ends."""
    operation = begin(instance)
    guest = tagged(operation, 9)
    operations.execute(str(operation.pk))
    assert guest.facts().power is PowerState.RUNNING
    operation.refresh_from_db()
    assert (operation.state, operation.finished_at, operation.error) == (State.RUNNING, None, None)
    instance.refresh_from_db()
    assert instance.task_state == TaskState.POWERING_OFF
    Operation.objects.update(fence=9, lease_until=None, due_at=timezone.now())
    operations.execute(str(operation.pk))
    assert guest.facts().power is PowerState.SHUT_OFF
    operation.refresh_from_db()
    assert operation.state == State.SUCCEEDED
