"""Volumes and the life of their instance, in the rows: a launch that fails, the recycle bin, the way back."""

from collections.abc import Callable

import pytest

from accounts.context import Context
from accounts.errors import BadInput, Conflict
from accounts.services import quotas
from compute.engine.models import Operation
from compute.hosts.models import Hypervisor
from compute.instances.actions import begin
from compute.instances.actions.launch import launch
from compute.instances.models import Instance
from compute.instances.services import volume_disks
from compute.instances.services.block_devices import BlockDevice
from compute.instances.services.launch_request import LaunchRequest
from compute.instances.states import VmState
from compute.volumes.models import Attachment, Disk, Volume
from compute.volumes.services import volume_placement
from tests import factories
from tests.worker import work

pytestmark = pytest.mark.django_db
RequestFor = Callable[..., LaunchRequest]


@pytest.fixture
def instance(as_alice: Context) -> Instance:
    host = factories.HypervisorFactory()
    factories.PoolFactory(hosts=[host])
    row: Instance = factories.InstanceFactory(
        project=as_alice.project, hypervisor=host, vm_state=VmState.STOPPED
    )
    return row


def attached(instance: Instance, **fields: object) -> Volume:
    volume = factories.AttachmentFactory(instance=instance, **fields).volume
    volume.disk.pool.hosts.add(instance.hypervisor)
    return volume  # type: ignore[no-any-return]


def status(volume: Volume) -> str:
    volume.refresh_from_db()
    return volume.shown_status


def used(context: Context) -> dict[str, int]:
    assert context.project is not None
    return {row.resource.name: row.used for row in quotas.project_usage(context.project)}


def test_a_launch_that_fails_gives_back_what_there_was_and_leaves_nothing_new(
    as_alice: Context, request_for: RequestFor
) -> None:
    """No host takes it."""
    present = factories.VolumeFactory(project=as_alice.project)
    Hypervisor.objects.update(enabled=False)
    devices = [BlockDevice(source="volume", key=str(present.pk)), BlockDevice(source="blank", size=3)]
    (instance,) = launch(as_alice, request_for(block_devices=devices))
    assert status(present) == "attaching"
    assert (used(as_alice)["volumes"], used(as_alice)["gigabytes"]) == (2, 5)
    work()
    instance.refresh_from_db()
    assert instance.vm_state == VmState.ERROR
    assert status(present) == "available"
    assert present.attachment is None
    assert used(as_alice)["volumes"] == 1
    assert not Attachment.objects.exists()


def test_booting_from_a_volume_counts_no_root_disk(as_alice: Context, request_for: RequestFor) -> None:
    image = factories.ImageFactory()
    boot = BlockDevice(source="image", key=str(image.pk), size=4, boots=True)
    (instance,) = launch(as_alice, request_for(image_id=None, block_devices=[boot]))
    assert (instance.image, instance.boots_from_volume, instance.disk_gib) == (None, True, 0)
    assert used(as_alice)["gigabytes"] == 4
    assert Volume.objects.get().name == instance.name


def test_it_boots_from_a_volume_made_of_a_snapshot_or_a_backup(
    as_alice: Context, request_for: RequestFor
) -> None:
    system = factories.VolumeFactory(
        project=as_alice.project, bootable=True, size_gib=3, image_metadata={"os_type": "linux"}
    )
    snapshot = factories.VolumeSnapshotFactory(volume=system)
    backup = factories.BackupFactory(volume=system, bootable=True, image_metadata=system.image_metadata)
    for source, row in (("snapshot", snapshot), ("backup", backup)):
        device = BlockDevice(source=source, key=str(row.pk), boots=True)  # type: ignore[arg-type]
        (instance,) = launch(as_alice, request_for(image_id=None, block_devices=[device]))
        made = instance.attachments.get().volume
        assert (made.size_gib, made.bootable, made.image_metadata) == (3, True, {"os_type": "linux"})
        assert row in (made.snapshot, made.backup)
        operation = Operation.objects.get(subject_id=instance.pk)
        assert operation.holds.filter(resource_id=row.pk, shared=True).exists()
    hints = Instance.objects.get(attachments__volume__snapshot=snapshot).scheduler_hints
    assert hints["volumes"] == [str(system.pk)]
    data = factories.VolumeSnapshotFactory(volume=factories.VolumeFactory(project=as_alice.project))
    device = BlockDevice(source="snapshot", key=str(data.pk), boots=True)
    with pytest.raises(BadInput) as caught:
        launch(as_alice, request_for(image_id=None, block_devices=[device]))
    assert "holds no system" in str(caught.value.fields["block_devices"])


def test_what_just_changes_is_not_copied(as_alice: Context, request_for: RequestFor) -> None:
    snapshot = factories.VolumeSnapshotFactory(
        volume=factories.VolumeFactory(project=as_alice.project, bootable=True), task_state="deleting"
    )
    device = BlockDevice(source="snapshot", key=str(snapshot.pk), boots=True)
    with pytest.raises(BadInput):
        launch(as_alice, request_for(image_id=None, block_devices=[device]))
    assert not Instance.objects.exists()


def test_a_copy_lies_in_the_pool_of_what_it_is_a_copy_of(as_alice: Context) -> None:
    host = factories.HypervisorFactory()
    larger = factories.PoolFactory(hosts=[host], capacity_bytes=2**50, available_bytes=2**50)
    own = factories.PoolFactory(hosts=[host], capacity_bytes=2**40, available_bytes=2**40)
    system = factories.VolumeFactory(project=as_alice.project)
    Disk.objects.filter(pk=system.disk_id).update(pool=own)
    system.refresh_from_db()
    snapshot = factories.VolumeSnapshotFactory(volume=system)
    empty = factories.VolumeFactory(project=as_alice.project, disk=None)
    assert volume_placement.place(empty).pool == larger
    for fields in ({"snapshot": snapshot}, {"source_volume_id": system.pk}):
        copy = factories.VolumeFactory(project=as_alice.project, disk=None, **fields)
        assert volume_placement.place(copy).pool == own
    own.hosts.set([factories.HypervisorFactory(enabled=False)])
    with pytest.raises(Conflict, match="which has the data to copy"):
        volume_placement.place(
            factories.VolumeFactory(project=as_alice.project, disk=None, snapshot=snapshot)
        )


@pytest.mark.parametrize(
    ("devices", "sentence"),
    [
        ([BlockDevice(source="volume", key="x")], "could not be found"),
        ([BlockDevice(source="blank")], "whole number of GiB"),
        ([BlockDevice(source="image", key="x", boots=True)], "Choose an image"),
        ([BlockDevice(source="image", boots=True)], "Choose what the volume is made of"),
        ([BlockDevice(source="snapshot", key="x", boots=True)], "could not be found"),
        ([BlockDevice(source="backup", key="x", boots=True)], "could not be found"),
        ([BlockDevice(source="blank", size=1, boots=True)] * 2, "boots from one device"),
        ([BlockDevice(source="blank", size=1)] * 21, "at most 20"),
        ("nonsense", "list of block devices"),
    ],
)
def test_wrong_devices_are_named(
    as_alice: Context, request_for: RequestFor, devices: object, sentence: str
) -> None:
    with pytest.raises(BadInput) as caught:
        launch(as_alice, request_for(block_devices=devices))
    assert sentence in str(caught.value.fields["block_devices"])


def test_a_volume_is_attached_once(as_alice: Context, request_for: RequestFor) -> None:
    volume = factories.VolumeFactory(project=as_alice.project)
    device = BlockDevice(source="volume", key=str(volume.pk))
    for wishes in ({"block_devices": [device, device]}, {"block_devices": [device], "count": 2}):
        with pytest.raises(BadInput):
            launch(as_alice, request_for(**wishes))
    unbootable = BlockDevice(source="volume", key=str(volume.pk), boots=True)
    with pytest.raises(BadInput):
        launch(as_alice, request_for(image_id=None, block_devices=[unbootable]))


def test_the_bin_releases_volumes_and_the_way_back_takes_them(instance: Instance) -> None:
    free, bound, taken = (
        attached(instance),
        attached(instance, delete_on_termination=True),
        attached(instance),
    )
    volume_disks.release_for_now(instance)
    assert [status(one) for one in (free, bound, taken)] == ["available", "in-use", "available"]
    other = factories.InstanceFactory(project=instance.project, hypervisor=instance.hypervisor)
    volume_disks.plug(other, taken)
    assert volume_disks.take_back(instance) == []
    assert status(free) == "in-use"
    free.disk.refresh_from_db()
    assert (free.disk.instance, free.disk.device) == (instance, "vdb")
    assert taken.attachment is not None
    assert taken.attachment.instance == other


def test_without_the_volume_that_it_boots_from_it_does_not_come_back(instance: Instance) -> None:
    volume = attached(instance, boots=True)
    volume_disks.release_for_now(instance)
    Volume.objects.filter(pk=volume.pk).update(status="awaiting-transfer")
    with pytest.raises(Conflict, match="boots from the volume"):
        volume_disks.take_back(instance)


def test_what_ends_with_the_instance_is_deleted_with_it(instance: Instance) -> None:
    free, bound = attached(instance), attached(instance, delete_on_termination=True)
    assert volume_disks.release(instance) == [bound]
    assert [status(one) for one in (free, bound)] == ["available", "available"]


def test_an_attached_volume_is_not_taken_by_a_foreign_hand(as_alice: Context, instance: Instance) -> None:
    volume = factories.VolumeFactory(project=as_alice.project)
    foreign = factories.InstanceFactory()
    with pytest.raises(Conflict):
        volume_disks.plug(foreign, volume)
    with pytest.raises(Conflict, match="does not reach"):
        begin(as_alice, "volume.attach", volume.pk, parameters={"instance": str(instance.pk)})
    volume.disk.pool.hosts.add(instance.hypervisor)
    Instance.objects.filter(pk=instance.pk).update(task_state="powering-on")
    with pytest.raises(Conflict, match="try again"):
        begin(as_alice, "volume.attach", volume.pk, parameters={"instance": str(instance.pk)})
    Instance.objects.filter(pk=instance.pk).update(task_state=None)
    operation = begin(as_alice, "volume.attach", volume.pk, parameters={"instance": str(instance.pk)})
    assert operation is not None
    assert {hold.resource_id for hold in Operation.objects.get(pk=operation.pk).held} == {
        volume.pk,
        instance.pk,
    }
