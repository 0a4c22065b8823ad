"""Snapshots of instances: what they take of the quota, what is refused, and what a row says afterwards."""

import pytest

from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden, OverQuota
from accounts.models import Quota
from accounts.services import quotas
from compute.engine import operations
from compute.engine.models import Operation
from compute.instances.actions import begin
from compute.instances.models import Instance, InstanceSnapshot
from compute.instances.states import VmState
from compute.volumes.models import Attachment, Disk, Volume, VolumeSnapshot
from compute.volumes.states import SnapshotState, VolumeState
from tests import factories
from tests.instance_actions import end

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(as_alice: Context) -> Instance:
    """A running instance with 1 GiB of memory, a root disk of 1 GiB and a volume of 3."""
    instance = factories.InstanceFactory(
        project=as_alice.project, user=as_alice.user, name="web", vcpus=2, ram_mib=1024
    )
    factories.DiskFactory(instance=instance)
    attached(as_alice, instance, "data", 3)
    return instance


def attached(context: Context, instance: Instance, name: str, size_gib: int) -> Volume:
    volume = factories.VolumeFactory(
        project=context.project, name=name, size_gib=size_gib, status=VolumeState.IN_USE
    )
    Disk.objects.filter(pk=volume.disk.pk).update(instance=instance, device="vdb")
    Attachment.objects.create(volume=volume, instance=instance, device="vdb")
    return volume


def take(context: Context, instance: Instance, **fields: object) -> Operation:
    operation = begin(context, "instance.take_snapshot", instance.pk, parameters=fields)
    assert operation is not None
    return operation


def used(context: Context, *names: str) -> tuple[int, ...]:
    usages = {usage.resource.name: usage.used for usage in quotas.project_usage(context.project, names)}
    return tuple(usages[name] for name in names)


def limit_to(context: Context, name: str, limit: int) -> None:
    Quota.objects.create(project=context.project, resource=name, limit=limit)


def test_it_counts_its_disks_its_volumes_and_its_memory(as_alice: Context, web: Instance) -> None:
    snapshots, gigabytes = used(as_alice, "snapshots", "gigabytes")
    take(as_alice, web, memory=True)
    assert used(as_alice, "snapshots", "gigabytes") == (snapshots + 2, gigabytes + 1 + 1 + 3)
    row, of_volume = InstanceSnapshot.objects.get(), VolumeSnapshot.objects.get()
    assert (row.name, row.vcpus, row.ram_mib, row.has_memory) == ("Snapshot 1", 2, 1024, True)
    assert (of_volume.instance_snapshot, of_volume.name, of_volume.size_gib) == (row, "Snapshot 1", 3)


@pytest.mark.parametrize("limit", ["snapshots", "gigabytes"])
def test_over_the_quota_nothing_is_made(as_alice: Context, web: Instance, limit: str) -> None:
    (now,) = used(as_alice, limit)
    limit_to(as_alice, limit, now + 1)
    with pytest.raises(OverQuota):
        take(as_alice, web)
    assert not InstanceSnapshot.objects.exists()
    assert not VolumeSnapshot.objects.exists()
    assert not Operation.objects.exists()


def test_one_that_is_off_has_no_memory(as_alice: Context, web: Instance) -> None:
    Instance.objects.update(vm_state=VmState.STOPPED)
    with pytest.raises(BadInput) as refusal:
        take(as_alice, web, memory=True)
    assert refusal.value.fields == {"memory": "It does not run, so there is no memory to save."}


@pytest.mark.parametrize(("how", "left"), [("failed", 0), ("cancelled", 0), ("succeeded", 1)])
def test_one_that_was_not_taken_leaves_nothing(as_alice: Context, web: Instance, how: str, left: int) -> None:
    before = used(as_alice, "snapshots", "gigabytes")
    end(take(as_alice, web, name="first"), how)
    rows = InstanceSnapshot.objects.existing()
    assert rows.filter(status=SnapshotState.AVAILABLE, task_state=None).count() == rows.count() == left
    assert Instance.objects.get().snapshot_count == left
    assert left or used(as_alice, "snapshots", "gigabytes") == before
    assert not VolumeSnapshot.objects.exclude(task_state=None).exists()


def test_one_that_was_taken_stays_whatever_came_afterwards(as_alice: Context, web: Instance) -> None:
    operation = take(as_alice, web)
    row = InstanceSnapshot.objects.get()
    row.taken_at = row.created_at
    row.save()
    end(operation, "failed")
    assert InstanceSnapshot.objects.get().status == SnapshotState.AVAILABLE


def revert(context: Context, instance: Instance, **fields: object) -> Operation | None:
    return begin(context, "instance.revert", instance.pk, parameters=fields)


def refused(context: Context, instance: Instance, **fields: object) -> dict[str, str]:
    with pytest.raises(BadInput) as refusal:
        revert(context, instance, **fields)
    return {name: str(reason) for name, reason in refusal.value.fields.items()}


def test_what_one_can_not_go_back_to(as_alice: Context, web: Instance) -> None:
    snapshot = factories.InstanceSnapshotFactory(instance=web)
    foreign = factories.InstanceSnapshotFactory(instance__project=as_alice.project)
    for key in (foreign.pk, "x", None):
        assert "could not be found" in refused(as_alice, web, snapshot=key)["snapshot"]
    InstanceSnapshot.objects.filter(pk=snapshot.pk).update(task_state="deleting")
    assert "is not ready" in refused(as_alice, web, snapshot=snapshot.pk)["snapshot"]
    InstanceSnapshot.objects.filter(pk=snapshot.pk).update(
        task_state=None, memory_pool=factories.PoolFactory()
    )
    assert "Revert without the memory" in refused(as_alice, web, snapshot=snapshot.pk)["memory"]
    assert not Operation.objects.exists()
    assert revert(as_alice, web, snapshot=snapshot.pk, memory=False) is not None


def test_without_its_volumes_it_does_not_go_back(as_alice: Context, web: Instance) -> None:
    snapshot = factories.InstanceSnapshotFactory(instance=web, volumes=1)
    (volume,) = Volume.objects.all()
    of_volume = factories.VolumeSnapshotFactory(volume=volume, instance_snapshot=snapshot)
    Attachment.objects.update(released=True)
    with pytest.raises(Conflict, match="Attach the volume data first"):
        revert(as_alice, web, snapshot=snapshot.pk)
    Attachment.objects.update(released=False)
    VolumeSnapshot.objects.filter(pk=of_volume.pk).update(status=SnapshotState.DELETED)
    with pytest.raises(Conflict, match="Revert its volumes one by one"):
        revert(as_alice, web, snapshot=snapshot.pk)
    assert not Operation.objects.exists()


def test_what_it_had_counts_too(as_alice: Context, web: Instance) -> None:
    """The way back is a snapshot as any other, unless it is not wanted."""
    snapshot = factories.InstanceSnapshotFactory(instance=web)
    (now,) = used(as_alice, "snapshots")
    limit_to(as_alice, "snapshots", now + 1)
    with pytest.raises(OverQuota):
        revert(as_alice, web, snapshot=snapshot.pk)
    assert InstanceSnapshot.objects.count() == 1
    operation = revert(as_alice, web, snapshot=snapshot.pk, keep=False)
    assert operation is not None
    end(operation, "failed")
    assert InstanceSnapshot.objects.get().status == SnapshotState.AVAILABLE


def test_what_would_lose_them_is_refused(as_alice: Context, web: Instance) -> None:
    Instance.objects.update(swap_mib=64)
    factories.InstanceSnapshotFactory(instance=Instance.objects.get())
    with pytest.raises(Conflict, match="snapshots lie under the disk"):
        begin(as_alice, "instance.rebuild", web.pk)
    flavor = factories.FlavorFactory(disk_gib=50, swap_mib=128)
    with pytest.raises(BadInput) as refusal:
        begin(as_alice, "instance.resize", web.pk, parameters={"flavor_id": flavor.pk})
    assert "swap space of 64 MiB" in str(refusal.value.fields["flavor_id"])


def test_a_saved_memory_belongs_to_the_files_of_its_disks(as_alice: Context, web: Instance) -> None:
    snapshot = factories.InstanceSnapshotFactory(instance=web)
    Instance.objects.update(vm_state=VmState.SUSPENDED)
    with pytest.raises(Conflict, match="Resume web first"):
        begin(as_alice, "instance_snapshot.delete", snapshot.pk)
    with pytest.raises(Conflict, match="Not possible in the state"):
        take(as_alice, web)


def test_what_follows_waits_until_one_is_deleted(as_alice: Context, web: Instance) -> None:
    first = factories.InstanceSnapshotFactory(instance=web)
    operation = begin(as_alice, "instance_snapshot.delete", first.pk)
    assert operation is not None
    with pytest.raises(Conflict):
        begin(as_alice, "instance_snapshot.delete", first.pk)
    begin(as_alice, "instance.reboot", web.pk)
    assert list(operations.due()) == [operation]
    end(operation, "succeeded")
    assert Instance.objects.get().snapshot_count == 0


def test_a_name_is_changed_at_once(as_alice: Context, as_ruth: Context, web: Instance) -> None:
    snapshot = factories.InstanceSnapshotFactory(instance=web)
    with pytest.raises(Forbidden):
        begin(as_ruth, "instance_snapshot.update", snapshot.pk, parameters={"name": "x"})
    with pytest.raises(BadInput):
        begin(as_alice, "instance_snapshot.update", snapshot.pk, parameters={"name": " "})
    begin(as_alice, "instance_snapshot.update", snapshot.pk, parameters={"name": "before the upgrade"})
    assert str(InstanceSnapshot.objects.get()) == "before the upgrade"
