"""Volumes and their types, as clients of the Block Storage API meet them."""

from typing import Any

import pytest

from accounts.models import Project, User
from accounts.services import quotas
from compute.engine.models import Operation
from compute.hosts.models import Pool
from compute.images.models import Image
from compute.instances.models import Instance
from compute.volumes.models import Volume
from tests import factories
from tests.compute.api.compute_calls import Compute
from tests.compute.api.volume_calls import NEWEST, BlockStorage, block_storage_of

HEX = "0" * 32
UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def volume(blue: Project) -> Volume:
    return factories.VolumeFactory(project=blue, name="data", metadata={"team": "web"})


def test_versions() -> None:
    nobody = BlockStorage()
    for path in ("/volume", "/volume/"):
        assert nobody.get(path, 300)["versions"][0]["version"] == NEWEST
    for path in ("/volume/v3", "/volume/v3/"):
        assert nobody.get(path)["versions"][0]["id"] == "v3.0"
    assert nobody.get("unknown", 404)["itemNotFound"]["code"] == 404


def test_a_volume_is_requested_and_counted(volumes: BlockStorage, blue: Project) -> None:
    row = volumes.create(name="data", description="of the shop", size="3", metadata={"team": "web"})
    assert (row["status"], row["size"], row["bootable"], row["volume_type"]) == (
        "creating",
        3,
        "false",
        "standard",
    )
    assert row["metadata"] == {"team": "web"}
    assert Operation.objects.get(subject_id=row["id"]).kind == "volume.create"
    used = {usage.resource.name: usage.used for usage in quotas.project_usage(blue)}
    assert (used["volumes"], used["gigabytes"]) == (1, 3)
    shown = volumes.get(f"volumes/{row['id']}")["volume"]
    assert shown["os-vol-tenant-attr:tenant_id"] == blue.pk
    assert [each["id"] for each in volumes.get("volumes")["volumes"]] == [row["id"]]
    assert volumes.get(f"/volume/v3/{blue.pk}/volumes")["volumes"], "a project in the address"
    volumes.get(f"/volume/v3/{HEX}/volumes", 400)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"size": 0}, "size"),
        ({"size": -1}, "size"),
        ({"size": "ten"}, "size"),
        ({"size": 10**6}, "size"),
        ({"size": None}, "size"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a" * 256}, "name"),
        ({"availability_zone": "moon"}, "zone"),
        ({"imageRef": UNKNOWN}, "image"),
        ({"metadata": {"a/b": "c"}}, "metadata"),
        ({"metadata": {"a": "c" * 256}}, "metadata"),
        ({"multiattach": True}, "multiattach"),
    ],
)
def test_bad_requests_name_the_field(
    volumes: BlockStorage, row_counts: Any, fields: dict[str, Any], field: str
) -> None:
    before = row_counts()
    answer = volumes.create(400, **fields)
    assert field in answer["badRequest"]["message"]
    after = row_counts()
    assert {
        name: count for name, count in after.items() if before[name] != count and "VolumeType" not in name
    } == {}


def test_quota(volumes: BlockStorage, root: User, blue: Project, admin_volumes: BlockStorage) -> None:
    admin_volumes.put(f"os-quota-sets/{blue.pk}", {"quota_set": {"volumes": 1, "per_volume_gigabytes": 5}})
    assert volumes.create(413, size=6)["overLimit"]["message"].startswith("One volume may have at most 5")
    volumes.create(size=5)
    assert "Volumes" in volumes.create(413)["overLimit"]["message"]
    volumes.create(404, volume_type="gold")
    volumes.create(404, source_volid=UNKNOWN)
    shown = volumes.get(f"os-quota-sets/{blue.pk}?usage=True")["quota_set"]
    assert shown["volumes"] == {"limit": 1, "in_use": 1, "reserved": 0, "allocated": 0}
    assert shown["gigabytes_standard"]["limit"] == -1
    assert volumes.get("volumes?limit=0") == {"volumes": []}
    absolute = volumes.get("limits")["limits"]["absolute"]
    assert (absolute["totalVolumesUsed"], absolute["maxTotalVolumes"]) == (1, 1)
    volumes.get(f"os-quota-sets/{HEX}", 403)
    volumes.put(f"os-quota-sets/{blue.pk}", {"quota_set": {"volumes": 9}}, 403)
    admin_volumes.put(f"os-quota-sets/{blue.pk}", {"quota_set": {"horses": 9}}, 400)
    limits = {"backups": 3, "backup_gigabytes": 7}
    changed = admin_volumes.put(f"os-quota-sets/{blue.pk}", {"quota_set": limits})["quota_set"]
    assert limits.items() <= changed.items()
    admin_volumes.delete(f"os-quota-sets/{blue.pk}", 200)
    assert volumes.get(f"os-quota-sets/{blue.pk}")["quota_set"]["volumes"] == 10
    assert admin_volumes.get("os-quota-class-sets/default")["quota_class_set"]["volumes"] == 10


def test_from_an_image(volumes: BlockStorage, image: Image) -> None:
    Image.objects.filter(pk=image.pk).update(
        virtual_size=3 * 2**30, min_disk_gib=2, properties={"hw_disk_bus": "scsi"}
    )
    assert "at least 3 GiB" in volumes.create(400, imageRef=str(image.pk))["badRequest"]["message"]
    row = volumes.create(imageRef=str(image.pk), size=None)
    assert (row["size"], row["bootable"]) == (3, "true")
    shown = volumes.get(f"volumes/{row['id']}")["volume"]
    assert shown["volume_image_metadata"]["image_id"] == str(image.pk)
    assert shown["volume_image_metadata"]["hw_disk_bus"] == "scsi"


def test_from_a_volume(volumes: BlockStorage, volume: Volume, stranger: Compute) -> None:
    row = volumes.create(source_volid=str(volume.pk), size=2)
    assert (row["source_volid"], row["size"]) == (str(volume.pk), 2)
    Volume.objects.filter(pk=volume.pk).update(status="in-use")
    assert "Detach" in volumes.create(400, source_volid=str(volume.pk))["badRequest"]["message"]


def test_a_foreign_volume_is_an_unknown_one(
    volume: Volume, bob: User, red: Project, ruth: User, blue: Project
) -> None:
    foreign = block_storage_of(bob, red)
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {"volume": {"name": "x"}}),
        ("DELETE", "", None),
        ("GET", "/metadata", None),
        ("POST", "/action", {"os-extend": {"new_size": 3}}),
    ):
        for key in (volume.pk, UNKNOWN):
            assert foreign.call(method, f"volumes/{key}{path}", body).status_code == 404, path
    reader = block_storage_of(ruth, blue)
    assert reader.get(f"volumes/{volume.pk}")["volume"]["name"] == "data"
    reader.create(403)
    reader.delete(f"volumes/{volume.pk}", 403)
    reader.act(volume.pk, "os-extend", {"new_size": 3}, 403)
    reader.act(volume.pk, "os-reset_status", {"status": "error"}, 403)


def test_changes_and_metadata(volumes: BlockStorage, volume: Volume) -> None:
    path = f"volumes/{volume.pk}"
    shown = volumes.put(path, {"volume": {"name": "new", "description": "d"}})["volume"]
    assert (shown["name"], shown["description"]) == ("new", "d")
    assert volumes.post(f"{path}/metadata", {"metadata": {"a": "b"}})["metadata"] == {"team": "web", "a": "b"}
    assert volumes.put(f"{path}/metadata/a", {"meta": {"a": "c"}})["meta"] == {"a": "c"}
    volumes.put(f"{path}/metadata/a", {"meta": {"b": "c"}}, 400)
    volumes.delete(f"{path}/metadata/team", 200)
    volumes.get(f"{path}/metadata/team", 404)
    assert volumes.put(f"{path}/metadata", {"metadata": {}})["metadata"] == {}
    volumes.act(volume.pk, "os-set_bootable", {"bootable": True}, 200)
    volumes.act(volume.pk, "os-update_readonly_flag", {"readonly": True})
    volume.refresh_from_db()
    assert (volume.bootable, volume.read_only) == (True, True)
    assert volumes.act(volume.pk, "os-set_image_metadata", {"metadata": {"k": "v"}}, 200) == {
        "metadata": {"k": "v"}
    }
    volumes.act(volume.pk, "os-unset_image_metadata", {"key": "k"}, 200)
    volumes.act(volume.pk, "os-fly", {}, 400)


def test_lists_are_filtered_sorted_and_paged(volumes: BlockStorage, blue: Project, volume: Volume) -> None:
    other = factories.VolumeFactory(project=blue, name="logs", size_gib=5, bootable=True)
    factories.VolumeFactory(name="foreign")

    def names(query: str) -> list[str]:
        return [row["name"] for row in volumes.get(f"volumes/detail?{query}")["volumes"]]

    assert names("") == ["logs", "data"]
    assert names("sort=size:asc") == ["data", "logs"]
    assert names("sort_key=name&sort_dir=asc") == ["data", "logs"]
    assert names("name=data") == names("metadata={'team': 'web'}") == names("bootable=false") == ["data"]
    assert names("status=available&size=5") == names("name~=og") == ["logs"]
    assert names("status=deleting") == names("metadata={'team': 'x'}") == names("volume_type=gold") == []
    assert names("all_tenants=1") == ["logs", "data"]
    page = volumes.get("volumes?limit=1&with_count=True")
    assert (page["count"], [row["name"] for row in page["volumes"]]) == (2, ["logs"])
    assert f"marker={other.pk}" in page["volumes_links"][0]["href"]
    assert names(f"marker={other.pk}") == ["data"]
    volumes.get("volumes?marker=x", 404)
    volumes.get("volumes?metadata=__import__('os')", 400)
    volumes.get("volumes?sort=color", 400)
    summary = volumes.get("volumes/summary")["volume-summary"]
    assert summary == {"total_size": 6, "total_count": 2, "metadata": {"team": ["web"]}}


def test_administrators_see_all_and_where(admin_volumes: BlockStorage, volume: Volume) -> None:
    factories.VolumeFactory(name="foreign")
    rows = admin_volumes.get("volumes/detail?all_tenants=1")["volumes"]
    assert {row["name"] for row in rows} == {"data", "foreign"}
    assert all("@directory#" in row["os-vol-host-attr:host"] for row in rows)
    assert admin_volumes.get("os-services")["services"][0]["state"] == "up"
    assert admin_volumes.get("scheduler-stats/get_pools?detail=True")["pools"][0]["capabilities"][
        "vendor_name"
    ]
    assert admin_volumes.get("os-availability-zone")["availabilityZoneInfo"]
    assert admin_volumes.get("extensions")["extensions"]


def test_deletion(volumes: BlockStorage, volume: Volume, server: Instance) -> None:
    volumes.delete(f"volumes/{volume.pk}")
    volume.refresh_from_db()
    assert volumes.get(f"volumes/{volume.pk}")["volume"]["status"] == "deleting"
    volumes.delete(f"volumes/{volume.pk}", 400)
    attached = factories.AttachmentFactory(instance=server).volume
    volumes.delete(f"volumes/{attached.pk}", 400)


def test_a_status_is_reset_by_administrators(admin_volumes: BlockStorage, volume: Volume) -> None:
    admin_volumes.act(volume.pk, "os-reset_status", {"status": "error"})
    assert admin_volumes.get(f"volumes/{volume.pk}")["volume"]["status"] == "error"
    admin_volumes.act(volume.pk, "os-reset_status", {"status": "purple"}, 400)


def test_growth_is_counted_before_it_is_done(volumes: BlockStorage, volume: Volume, blue: Project) -> None:
    volumes.act(volume.pk, "os-extend", {"new_size": 1}, 400)
    volumes.act(volume.pk, "os-extend", {"new_size": 10**6}, 400)
    assert "GiB left" in volumes.act(volume.pk, "os-extend", {"new_size": 900}, 400)["badRequest"]["message"]
    Pool.objects.update(capacity_bytes=2**50)
    volumes.act(volume.pk, "os-extend", {"new_size": 5000}, 413)
    volumes.act(volume.pk, "os-extend", {"new_size": 4})
    shown = volumes.get(f"volumes/{volume.pk}")["volume"]
    assert (shown["status"], shown["size"]) == ("extending", 4)


def test_another_type(admin_volumes: BlockStorage, volumes: BlockStorage, volume: Volume) -> None:
    for name, specs in (("gold", {}), ("far", {"volume_backend_name": "elsewhere"})):
        admin_volumes.post("types", {"volume_type": {"name": name, "extra_specs": specs}})
    volumes.act(volume.pk, "os-retype", {"new_type": "standard"}, 400)
    volumes.act(volume.pk, "os-retype", {"new_type": "none"}, 400)
    refused = volumes.act(volume.pk, "os-retype", {"new_type": "far"}, 400)
    assert "elsewhere" in refused["badRequest"]["message"]
    volumes.act(volume.pk, "os-retype", {"new_type": "gold", "migration_policy": "never"})
    assert volumes.get(f"volumes/{volume.pk}")["volume"]["status"] == "retyping"


def test_types(admin_volumes: BlockStorage, volumes: BlockStorage, blue: Project, red: Project) -> None:
    body = {"name": "gold", "description": "fast", "os-volume-type-access:is_public": False}
    gold = admin_volumes.post("types", {"volume_type": body | {"extra_specs": {"a": "b"}}})["volume_type"]
    assert (gold["is_public"], gold["extra_specs"]) == (False, {"a": "b"})
    admin_volumes.post("types", {"volume_type": body}, 409)
    volumes.post("types", {"volume_type": {"name": "mine"}}, 403)
    path = f"types/{gold['id']}"
    volumes.get(path, 404)
    admin_volumes.post(f"{path}/action", {"addProjectAccess": {"project": blue.pk}}, 202)
    admin_volumes.post(f"{path}/action", {"addProjectAccess": {"project": blue.pk}}, 409)
    assert volumes.get(path)["volume_type"]["name"] == "gold"
    assert (
        admin_volumes.get(f"{path}/os-volume-type-access")["volume_type_access"][0]["project_id"] == blue.pk
    )
    assert volumes.create(volume_type="gold")["volume_type"] == "gold"
    admin_volumes.delete(path, 409)
    admin_volumes.post(f"{path}/action", {"removeProjectAccess": {"project": blue.pk}}, 202)
    assert admin_volumes.post(f"{path}/extra_specs", {"extra_specs": {"c": "d"}})["extra_specs"] == {"c": "d"}
    assert admin_volumes.put(f"{path}/extra_specs/c", {"c": "e"}) == {"c": "e"}
    admin_volumes.delete(f"{path}/extra_specs/c")
    admin_volumes.get(f"{path}/extra_specs/c", 404)
    assert admin_volumes.put(path, {"volume_type": {"name": "golden"}})["volume_type"]["name"] == "golden"
    assert volumes.get("types/default")["volume_type"]["name"] == "standard"
    assert [row["name"] for row in volumes.get("types")["volume_types"]] == ["standard"]
    assert {row["name"] for row in admin_volumes.get("types?is_public=None")["volume_types"]} == {
        "standard",
        "golden",
    }


def test_attachments_in_both_apis(volumes: BlockStorage, member: Compute, server: Instance) -> None:
    attachment = factories.AttachmentFactory(instance=server)
    volume = attachment.volume
    shown = volumes.get(f"volumes/{volume.pk}")["volume"]
    assert shown["attachments"][0]["server_id"] == str(server.pk)
    assert shown["attachments"][0]["device"] == "/dev/vdb"
    row = member.get(f"servers/{server.pk}")["server"]
    assert row["os-extended-volumes:volumes_attached"] == [{"id": str(volume.pk)}]
    path = f"servers/{server.pk}/os-volume_attachments"
    assert member.get(path)["volumeAttachments"][0]["id"] == str(volume.pk)
    newest = member.at("2.85").get(f"{path}/{volume.pk}")["volumeAttachment"]
    assert (newest["tag"], newest["delete_on_termination"], newest["device"]) == (None, False, "/dev/vdb")
    member.get(f"{path}/{UNKNOWN}", 404)
    change = {"volumeAttachment": {"volumeId": str(volume.pk), "delete_on_termination": True}}
    member.at("2.85").put(f"{path}/{volume.pk}", change, 202)
    attachment.refresh_from_db()
    assert attachment.delete_on_termination
    member.at("2.85").put(f"{path}/{volume.pk}", {"volumeAttachment": {"volumeId": UNKNOWN}}, 400)


def test_snapshots(volumes: BlockStorage, volume: Volume, blue: Project, bob: User, red: Project) -> None:
    taken = volumes.post("snapshots", {"snapshot": {"volume_id": str(volume.pk), "name": "monday"}}, 202)[
        "snapshot"
    ]
    assert (taken["status"], taken["size"], taken["volume_id"]) == ("creating", 1, str(volume.pk))
    operation = Operation.objects.get(subject_id=taken["id"])
    assert {hold.resource_id for hold in operation.held} == {operation.subject_id, volume.pk}
    used = {usage.resource.name: usage.used for usage in quotas.project_usage(blue)}
    assert (used["snapshots"], used["gigabytes"]) == (1, 2)
    volumes.delete(f"snapshots/{taken['id']}", 400)
    snapshot = factories.VolumeSnapshotFactory(volume=volume, name="tuesday")
    path = f"snapshots/{snapshot.pk}"
    assert volumes.put(path, {"snapshot": {"description": "d"}})["snapshot"]["description"] == "d"
    assert volumes.post(f"{path}/metadata", {"metadata": {"a": "b"}})["metadata"] == {"a": "b"}
    assert volumes.get(f"{path}/metadata/a")["meta"] == {"a": "b"}
    shown = volumes.get(path)["snapshot"]
    assert shown["os-extended-snapshot-attributes:progress"] == "100%"
    assert [row["name"] for row in volumes.get("snapshots?name=tuesday")["snapshots"]] == ["tuesday"]
    assert len(volumes.get(f"snapshots/detail?volume_id={volume.pk}&sort=created_at:asc")["snapshots"]) == 2
    assert len(volumes.get("snapshots?limit=1&with_count=1")["snapshots_links"]) == 1
    copied = volumes.create(snapshot_id=str(snapshot.pk), size=None)
    assert (copied["snapshot_id"], copied["size"]) == (str(snapshot.pk), 1)
    assert "tuesday" in volumes.delete(f"volumes/{volume.pk}", 400)["badRequest"]["message"]
    volumes.create(404, snapshot_id=UNKNOWN)
    foreign = block_storage_of(bob, red)
    foreign.get(path, 404)
    foreign.delete(path, 404)
    volumes.post(f"{path}/action", {"os-reset_status": {"status": "error"}}, 403)


def test_a_snapshot_of_a_used_volume_needs_force_in_old_versions(
    volumes: BlockStorage, server: Instance, alice: User, blue: Project
) -> None:
    volume = factories.AttachmentFactory(instance=server).volume
    body = {"snapshot": {"volume_id": str(volume.pk)}}
    volumes.at("3.65").post("snapshots", body, 400)
    forced = volumes.at("3.65").post("snapshots", {"snapshot": body["snapshot"] | {"force": True}}, 202)
    held = {hold.resource_id for hold in Operation.objects.get(subject_id=forced["snapshot"]["id"]).held}
    assert server.pk in held, "nothing else touches the guest meanwhile"
    volumes.post("snapshots", body, 202)


def test_a_transfer(volumes: BlockStorage, volume: Volume, bob: User, red: Project) -> None:
    offered = volumes.post(
        "volume-transfers", {"transfer": {"volume_id": str(volume.pk), "name": "gift"}}, 202
    )
    row = offered["transfer"]
    assert volumes.get(f"volumes/{volume.pk}")["volume"]["status"] == "awaiting-transfer"
    assert "auth_key" not in volumes.get(f"volume-transfers/{row['id']}")["transfer"]
    assert [each["name"] for each in volumes.get("os-volume-transfer/detail")["transfers"]] == ["gift"]
    volumes.delete(f"volumes/{volume.pk}", 400)
    taker = block_storage_of(bob, red).at(NEWEST)
    taker.get(f"volume-transfers/{row['id']}", 404)
    assert taker.get("volume-transfers")["transfers"] == []
    taker.post(f"volume-transfers/{row['id']}/accept", {"accept": {"auth_key": "wrong"}}, 400)
    taker.post(f"volume-transfers/{row['id']}/accept", {"accept": {"auth_key": row["auth_key"]}}, 202)
    assert taker.get(f"volumes/{volume.pk}")["volume"]["status"] == "available"
    volumes.get(f"volumes/{volume.pk}", 404)
    taker.post(f"volume-transfers/{row['id']}/accept", {"accept": {"auth_key": row["auth_key"]}}, 404)
    again = taker.post("volume-transfers", {"transfer": {"volume_id": str(volume.pk)}}, 202)["transfer"]
    taker.delete(f"volume-transfers/{again['id']}")
    assert taker.get(f"volumes/{volume.pk}")["volume"]["status"] == "available"
