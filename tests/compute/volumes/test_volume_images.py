"""Images of instances that boot from volumes: snapshots of them, of which launches make volumes again."""

import json
from collections.abc import Callable

import pytest

from accounts.context import Context
from accounts.errors import BadInput, NotFound, OverQuota
from accounts.models import Quota
from compute.engine.actions.begin import begin
from compute.engine.models import Operation
from compute.images.models import Image
from compute.images.services import images
from compute.instances.actions.launch import launch
from compute.instances.models import Instance
from compute.instances.services.launch_request import LaunchRequest
from compute.instances.states import VmState
from compute.volumes.actions.create import create
from compute.volumes.models import Volume, VolumeSnapshot
from compute.volumes.services.volume_request import VolumeRequest
from tests import factories
from tests.compute.api.compute_calls import compute_of
from tests.worker import work

pytestmark = pytest.mark.django_db
RequestFor = Callable[..., LaunchRequest]
VERB = "instance.take_image"


@pytest.fixture
def server(as_alice: Context) -> Instance:
    """One that boots from a volume and has another."""
    instance: Instance = factories.InstanceFactory(
        project=as_alice.project,
        user=as_alice.user,
        image=None,
        boots_from_volume=True,
        vm_state=VmState.STOPPED,
        disk_gib=0,
    )
    for boots, size in ((True, 3), (False, 5)):
        volume = factories.VolumeFactory(
            project=as_alice.project,
            size_gib=size,
            status="in-use",
            bootable=boots,
            image_metadata={"os_type": "linux", "os_distro": "debian", "image_id": "x"} if boots else {},
        )
        factories.AttachmentFactory(
            instance=instance, volume=volume, boots=boots, delete_on_termination=boots, device=""
        )
    return instance


def test_it_is_snapshots_of_all_its_volumes(as_alice: Context, server: Instance) -> None:
    assert begin(as_alice, VERB, server.pk, parameters={"name": "moment", "metadata": {"team": "a"}}) is None
    image = Image.objects.get(name="moment")
    assert (image.status, image.size, image.disk_format, image.min_disk_gib) == ("active", 0, "", 3)
    assert (image.properties["os_distro"], image.properties["team"]) == ("debian", "a")
    assert "image_id" not in image.properties
    root, data = json.loads(image.properties["block_device_mapping"])
    assert (root["boot_index"], root["volume_size"], root["delete_on_termination"]) == (0, 3, True)
    assert (data["boot_index"], data["volume_size"], data["delete_on_termination"]) == (None, 5, False)
    snapshots = VolumeSnapshot.objects.all()
    assert {str(row.pk) for row in snapshots} == {root["snapshot_id"], data["snapshot_id"]}
    assert {row.name for row in snapshots} == {"snapshot for moment"}
    assert Operation.objects.filter(kind="volume_snapshot.create").count() == 2


def test_further_instances_get_volumes_of_them(
    as_alice: Context, server: Instance, request_for: RequestFor
) -> None:
    begin(as_alice, VERB, server.pk, parameters={"name": "moment"})
    image = Image.objects.get(name="moment")
    VolumeSnapshot.objects.update(status="available", task_state=None)
    (instance,) = launch(as_alice, request_for(image_id=str(image.pk)))
    assert (instance.image, instance.boots_from_volume, instance.disk_gib) == (None, True, 0)
    root, data = instance.attachments.order_by("-boots")
    assert (root.volume.size_gib, data.volume.size_gib) == (3, 5)
    assert (root.delete_on_termination, data.delete_on_termination) == (True, False)
    assert {root.volume.snapshot, data.volume.snapshot} == set(VolumeSnapshot.objects.all())
    two = launch(as_alice, request_for(image_id=str(image.pk), count=2))
    assert Volume.objects.filter(attachments__instance__in=two).count() == 4


def test_a_volume_is_made_of_the_snapshot_that_it_boots_from(as_alice: Context, server: Instance) -> None:
    begin(as_alice, VERB, server.pk, parameters={"name": "moment"})
    image = Image.objects.get(name="moment")
    VolumeSnapshot.objects.update(status="available", task_state=None)
    volume = create(as_alice, VolumeRequest(image_id=str(image.pk), size=4))
    assert (volume.image, str(volume.snapshot_id), volume.bootable) == (None, image.boot_snapshot_id, True)
    Image.objects.filter(pk=image.pk).update(properties={"block_device_mapping": "[]"})
    with pytest.raises(BadInput):
        create(as_alice, VolumeRequest(image_id=str(image.pk), size=4))


def test_it_is_no_data_for_anything_else(as_alice: Context, server: Instance) -> None:
    begin(as_alice, VERB, server.pk, parameters={"name": "moment"})
    image = Image.objects.get(name="moment")
    with pytest.raises(NotFound):
        images.get_launchable(as_alice, image.pk)
    assert images.list_launchable(as_alice) == []
    assert images.list_bootable(as_alice) == [image]
    begin(as_alice, "image.delete", image.pk)
    work("image.delete")
    image.refresh_from_db()
    assert image.status == "deleted"
    assert VolumeSnapshot.objects.existing().count() == 2


@pytest.mark.parametrize(
    "mapping",
    ["", "{", "[1]", "{}", '[{"source_type": "snapshot"}]', '[{"boot_index": 0, "source_type": "tape"}]'],
)
def test_what_cannot_be_read_is_refused(as_alice: Context, request_for: RequestFor, mapping: str) -> None:
    image = factories.ImageFactory(
        project=as_alice.project, disk_format="", properties={"block_device_mapping": mapping}
    )
    with pytest.raises(BadInput):
        launch(as_alice, request_for(image_id=str(image.pk)))


def test_quotas_and_rotation(as_alice: Context, server: Instance) -> None:
    for parameters in ({"backups": {"type": "daily", "rotation": 1}}, {"schedule": "1"}):
        with pytest.raises(BadInput, match="Plan regular backups"):
            begin(as_alice, VERB, server.pk, parameters=parameters)
    Quota.objects.create(project=as_alice.project, resource="snapshots", limit=1)
    with pytest.raises(OverQuota):
        begin(as_alice, VERB, server.pk, parameters={"name": "moment"})
    assert not VolumeSnapshot.objects.exists()
    assert not Image.objects.exists()


def test_readers_take_none(as_alice: Context, server: Instance) -> None:
    reader = factories.with_role("ruth", "reader", as_alice.project)
    assert as_alice.project
    body = {"createImage": {"name": "moment"}}
    compute_of(reader, as_alice.project).post(f"servers/{server.pk}/action", body, 403)


def test_clients_learn_its_id(as_alice: Context, server: Instance) -> None:
    assert as_alice.project
    compute = compute_of(as_alice.user, as_alice.project)
    body = {"createImage": {"name": "moment"}}
    answer = compute.at("2.45").post(f"servers/{server.pk}/action", body, 202)
    assert answer["image_id"] == str(Image.objects.get(name="moment").pk)
    backup = {"name": "daily", "backup_type": "daily", "rotation": 1}
    compute.post(f"servers/{server.pk}/action", {"createBackup": backup}, 400)
