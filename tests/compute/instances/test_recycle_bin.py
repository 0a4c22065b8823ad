"""Deleted instances wait in the bin, come back from it, and go for good when their time is over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.context import Context
from accounts.errors import OverQuota
from accounts.models import AuditEvent, Project, Quota
from compute.engine.models import Operation
from compute.instances.actions import begin
from compute.instances.duties import recycle_bin
from compute.instances.models import Instance
from compute.instances.services import instances
from compute.instances.states import TaskState, VmState
from tests import factories

pytestmark = pytest.mark.django_db


def binned(hours: float, **fields: object) -> Instance:
    """One that was deleted so many hours ago."""
    deleted_at = timezone.now() - timedelta(hours=hours)
    return factories.InstanceFactory(vm_state=VmState.SOFT_DELETED, deleted_at=deleted_at, **fields)


def test_what_is_over_its_time_is_purged_and_nothing_else(settings) -> None:
    settings.RECYCLE_HOURS = 24
    over = binned(24.1)
    others = [binned(23.9), binned(30, task_state=TaskState.DELETING), factories.InstanceFactory()]
    recycle_bin.empty()
    operation = Operation.objects.get()
    assert (operation.subject_id, operation.kind, operation.user) == (over.pk, "instance.purge", None)
    assert Instance.objects.get(pk=over.pk).task_state == TaskState.DELETING
    assert {row.task_state for row in Instance.objects.filter(pk__in=[other.pk for other in others])} == {
        None,
        TaskState.DELETING,
    }
    event = AuditEvent.objects.get()
    assert (event.action, event.user_id, event.detail) == ("instance.purge", "", {"reason": "recycle bin"})
    assert event.project_id == over.project_id


def test_emptied_again_it_begins_nothing_new() -> None:
    binned(1000)
    recycle_bin.empty()
    recycle_bin.empty()
    assert Operation.objects.count() == 1


def test_a_bin_keeps_no_more_than_the_project_may_have(blue: Project, red: Project) -> None:
    """Or launching and deleting in turns would take every address and disk that there is."""
    Quota.objects.create(project=blue, resource="instances", limit=1)
    Quota.objects.create(project=red, resource="instances", limit=-1)
    newest, *older = [binned(hours, project=blue) for hours in (1, 2, 3)]
    unlimited = [binned(1, project=red) for _time in range(3)]
    recycle_bin.empty()
    purging = Instance.objects.filter(task_state=TaskState.DELETING)
    assert set(purging) == set(older)
    assert newest not in purging
    assert not set(unlimited) & set(purging)
    assert {event.detail["reason"] for event in AuditEvent.objects.all()} == {"recycle bin is full"}
    recycle_bin.empty()
    assert Operation.objects.count() == 2


def test_it_says_when_it_goes(settings) -> None:
    settings.RECYCLE_HOURS = 2
    left = recycle_bin.purge_at(binned(1)) - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert recycle_bin.purge_at(factories.InstanceFactory()) is None


@pytest.mark.parametrize(
    ("was", "remembered"),
    [
        (VmState.ACTIVE, VmState.ACTIVE),
        (VmState.PAUSED, VmState.ACTIVE),
        (VmState.STOPPED, VmState.STOPPED),
        (VmState.ERROR, VmState.ACTIVE),
    ],
)
def test_deleting_remembers_whether_it_ran(as_alice: Context, was: VmState, remembered: VmState) -> None:
    instance = factories.InstanceFactory(project=as_alice.project, vm_state=was)
    begin(as_alice, "instance.delete", instance.pk)
    assert Instance.objects.get().restore_to == remembered


def test_restoring_takes_it_out_and_stops_the_clock(as_alice: Context) -> None:
    instance = binned(1, project=as_alice.project)
    begin(as_alice, "instance.restore", instance.pk)
    row = Instance.objects.get()
    assert (row.vm_state, row.task_state, row.deleted_at) == (VmState.ACTIVE, TaskState.RESTORING, None)
    recycle_bin.empty()
    assert [operation.kind for operation in Operation.objects.on(row.pk).all()] == ["instance.restore"]


def test_restoring_needs_quota_again(as_alice: Context) -> None:
    instance = binned(1, project=as_alice.project)
    Quota.objects.create(project=as_alice.project, resource="instances", limit=0)
    Quota.objects.create(project=as_alice.project, resource="gigabytes", limit=0)
    with pytest.raises(OverQuota) as refused:
        begin(as_alice, "instance.restore", instance.pk)
    assert [short.resource for short in refused.value.shortages] == ["instances"], (
        "its disk was always counted"
    )
    row = Instance.objects.get()
    assert (row.vm_state, row.task_state) == (VmState.SOFT_DELETED, None)
    assert not Operation.objects.exists()


def test_the_bin_is_a_list_of_its_own(as_alice: Context) -> None:
    here = factories.InstanceFactory(project=as_alice.project)
    there = binned(1, project=as_alice.project)
    assert list(instances.page(as_alice)) == [here]
    assert list(instances.page(as_alice, in_bin=True)) == [there]
    assert instances.counts(as_alice)["total"] == 1
