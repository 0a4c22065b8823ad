"""Whole lives in the database alone, and an audit that finds nothing after them and everything forgotten."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.context import Context
from accounts.models import AuditEvent
from accounts.services import quotas
from compute.engine.models import Operation
from compute.instances.actions import begin
from compute.instances.actions.launch import LaunchRequest, launch
from compute.instances.models import Instance
from compute.instances.states import TaskState, VmState
from compute.management import consistency
from compute.networks.models import Port
from tests import factories
from tests.worker import work

pytestmark = pytest.mark.django_db
RequestFor = Callable[..., LaunchRequest]
State = Operation.State


def used(context: Context) -> dict[str, int]:
    assert context.project is not None
    return {row.resource.name: row.used for row in quotas.project_usage(context.project)}


def test_a_launch_without_hosts_fails_with_the_reason_and_can_be_deleted(
    as_alice: Context, request_for: RequestFor
) -> None:
    (instance,) = launch(as_alice, request_for())
    work()
    row = Instance.objects.get()
    assert (row.status, row.task_state) == ("ERROR", None)
    assert "There is no hypervisor yet." in row.fault["message"]
    assert used(as_alice)["instances"] == 1, "what is there still counts"
    assert consistency.differences() == []

    begin(as_alice, "instance.delete", instance.pk)
    work()
    row = Instance.objects.get()
    assert (row.vm_state, row.task_state) == (VmState.DELETED, None)
    assert not Port.objects.exists()
    assert set(used(as_alice).values()) == {0}
    assert consistency.differences() == []
    events = AuditEvent.objects.order_by("id").values_list("action", "outcome")
    assert list(events) == [
        ("instance.launch", "requested"),
        ("instance.launch", "failed"),
        ("instance.purge", "requested"),
        ("instance.purge", "succeeded"),
    ]


def test_deleted_before_a_worker_came_it_never_lives(as_alice: Context, request_for: RequestFor) -> None:
    (instance,) = launch(as_alice, request_for())
    begin(as_alice, "instance.delete", instance.pk)
    begin(as_alice, "instance.delete", instance.pk)
    work()
    row = Instance.objects.get()
    assert (row.vm_state, row.fault, row.launched_at) == (VmState.DELETED, None, None)
    ends = list(Operation.objects.on(row.pk).order_by("created_at").values_list("kind", "state"))
    assert ends == [
        ("instance.launch", State.CANCELLED),
        ("instance.purge", State.CANCELLED),
        ("instance.purge", State.SUCCEEDED),
    ]
    assert consistency.differences() == []


def test_a_launch_that_failed_can_be_launched_again_in_its_place(
    as_alice: Context, request_for: RequestFor
) -> None:
    """Its address comes free with it."""
    (first,) = launch(as_alice, request_for())
    work()
    begin(as_alice, "instance.purge", first.pk)
    work()
    (second,) = launch(as_alice, request_for())
    assert second.ports.get().address == "10.48.0.10"


def test_a_forgotten_operation_is_found() -> None:
    operation = factories.OperationFactory(instance__task_state=TaskState.POWERING_OFF)
    assert consistency.differences() == []
    long_ago = timezone.now() - timedelta(minutes=5)
    Operation.objects.update(due_at=long_ago)
    (found,) = consistency.differences()
    assert (found.where, found.what) == ("database", f"operation {operation.pk}")
    Operation.objects.update(lease_until=long_ago, state=State.RUNNING)
    assert len(consistency.differences()) == 1
    Operation.objects.update(lease_until=timezone.now() + timedelta(seconds=20))
    assert consistency.differences() == []


@pytest.mark.parametrize(
    "row",
    [{"task_state": TaskState.REBOOTING}, {"vm_state": VmState.BUILDING, "task_state": TaskState.SPAWNING}],
)
def test_a_task_without_an_operation_is_found(row: dict[str, str]) -> None:
    instance = factories.InstanceFactory(**row)
    assert [found.what for found in consistency.differences()] == [f"instance {instance.pk}"]


def test_a_port_of_what_is_gone_is_found() -> None:
    port = factories.PortFactory(instance__vm_state=VmState.DELETED)
    assert [found.what for found in consistency.differences()] == [f"port {port.address}"]


def test_a_closed_operation_without_its_end_is_found() -> None:
    factories.OperationFactory(state=State.SUCCEEDED)
    assert len(consistency.differences()) == 1
