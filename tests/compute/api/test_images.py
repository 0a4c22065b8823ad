"""Images of servers by the APIs: made through Compute, looked up and deleted through Image, and through old Compute."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, Quota
from compute.images.models import Image
from compute.instances.models import Instance
from compute.instances.states import VmState
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
SCHEMA = {"links", "id", "name", "status", "progress", "created", "updated", "minDisk", "minRam", "metadata"}


@pytest.fixture
def server(blue: Project, image: Image) -> Instance:
    return factories.InstanceFactory(project=blue, image=image, name="web")


def own(project: Project, **fields: object) -> Image:
    return factories.ImageFactory(project=project, visibility="private", name="mine", **fields)


def test_before_2_45_the_address_says_which(member: Compute, server: Instance) -> None:
    wish = {"createImage": {"name": "image", "metadata": {"team": "blue"}}}
    answer = member.call("POST", f"servers/{server.pk}/action", wish)
    image = Image.objects.get(taken_from=server)
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer["Location"].endswith(f"/image/v2/images/{image.pk}")
    shown = member.get(f"servers/{server.pk}")["server"]
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("ACTIVE", "image_snapshot")
    (action,) = member.get(f"servers/{server.pk}/os-instance-actions")["instanceActions"]
    assert action["action"] == "createImage"


def test_from_2_45_the_body(member: Compute, server: Instance) -> None:
    image_id = member.at("2.45").act(server.pk, "createImage", {"name": "image"})["image_id"]
    shown = member.get(f"/image/v2/images/{image_id}")
    assert (shown["name"], shown["status"], shown["visibility"]) == ("image", "queued", "private")
    assert (shown["owner"], shown["size"], shown["checksum"]) == (server.project_id, None, None)
    assert (shown["image_type"], shown["instance_uuid"]) == ("snapshot", str(server.pk))
    assert shown["base_image_ref"] == str(server.image_id)


@pytest.mark.parametrize(
    "wish",
    [None, {}, {"name": ""}, {"name": " "}, {"name": None}, {"name": "x" * 256}, {"name": 7}]
    + [{"name": "x", "metadata": wrong} for wrong in ("x", ["x"], {"": ""}, {"a": 1}, {"x" * 256: "y"})],
)
def test_wrong_wishes(member: Compute, server: Instance, wish: object) -> None:
    said = member.act(server.pk, "createImage", wish, 400)["badRequest"]["message"]
    assert "name" in said or "metadata" in said
    assert Image.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", None),
        ("name", " "),
        ("backup_type", ""),
        ("backup_type", 7),
        ("backup_type", "x" * 256),
        ("backup_type", "\0"),
        ("rotation", None),
        ("rotation", -1),
        ("rotation", 1.5),
        ("rotation", True),
        ("rotation", "many"),
        ("rotation", 2**63),
    ],
)
def test_wrong_backups(member: Compute, server: Instance, field: str, wrong: object) -> None:
    wish = {"name": "x", "backup_type": "daily", "rotation": 3} | {field: wrong}
    assert field in member.act(server.pk, "createBackup", wish, 400)["badRequest"]["message"]
    assert Image.objects.count() == 1


def test_a_backup(member: Compute, server: Instance) -> None:
    wish = {"name": "x", "backup_type": "daily", "rotation": "3", "metadata": {"team": "blue"}}
    image_id = member.at("2.45").act(server.pk, "createBackup", wish)["image_id"]
    shown = member.get(f"/image/v2/images/{image_id}")
    assert (shown["image_type"], shown["backup_type"], shown["team"]) == ("backup", "daily", "blue")


@pytest.mark.parametrize("state", [VmState.ERROR, VmState.BUILDING, VmState.RESCUED, VmState.RESIZED])
def test_states_that_do_not_allow_it(member: Compute, server: Instance, state: VmState) -> None:
    Instance.objects.filter(pk=server.pk).update(vm_state=state)
    member.act(server.pk, "createImage", {"name": "x"}, 409)


def test_too_much_metadata_is_403(member: Compute, server: Instance, blue: Project) -> None:
    Quota.objects.create(project=blue, resource="metadata_items", limit=1)
    metadata = {"a": "1", "b": "2"}
    member.act(server.pk, "createImage", {"name": "x", "metadata": metadata}, 403)


def test_readers_and_strangers(reader: Compute, stranger: Compute, server: Instance, blue: Project) -> None:
    image = own(blue)
    reader.act(server.pk, "createImage", {"name": "x"}, 403)
    stranger.act(server.pk, "createImage", {"name": "x"}, 404)
    reader.get(f"/image/v2/images/{image.pk}")
    reader.delete(f"/image/v2/images/{image.pk}", 403)
    stranger.get(f"/image/v2/images/{image.pk}", 404)
    stranger.delete(f"/image/v2/images/{image.pk}", 404)
    stranger.get(f"images/{image.pk}", 404)
    stranger.delete(f"images/{image.pk}", 404)
    for path in ("/image/v2/images", "images", "images/detail"):
        assert str(image.pk) not in str(stranger.get(path))
        assert str(image.pk) in str(reader.get(path))


@pytest.mark.parametrize("path", ["/image/v2/images", "images"])
def test_deleting(member: Compute, admin: Compute, server: Instance, blue: Project, path: str) -> None:
    image = own(blue)
    member.delete(f"{path}/{image.pk}")
    member.get(f"{path}/{image.pk}", 404)
    member.delete(f"{path}/{image.pk}", 404)
    member.delete(f"{path}/{server.image_id}", 403)
    said = admin.delete(f"{path}/{server.image_id}", 409)
    assert "the disks of web stand on it" in str(said)
    for key in ("x", "00000000-0000-0000-0000-000000000000"):
        member.delete(f"{path}/{key}", 404)


def test_filters_find_them(member: Compute, image: Image, blue: Project) -> None:
    mine = own(blue)
    assert member.get(f"/image/v2/images/{mine.pk}/tasks") == {"tasks": []}
    for query in (f"owner={blue.pk}", "visibility=private", "name=mine", f"id=in:{mine.pk}"):
        (found,) = member.get(f"/image/v2/images?{query}")["images"]
        assert found["id"] == str(mine.pk)
    assert len(member.get("/image/v2/images")["images"]) == 2


def test_old_clients_look_through_compute(member: Compute, server: Instance, blue: Project) -> None:
    mine = own(blue, taken_from=server, size=7, min_disk_gib=1, properties={"image_type": "snapshot"})
    half = own(blue, status=Image.Status.SAVING)
    shown = member.get(f"images/{mine.pk}")["image"]
    assert set(shown) == SCHEMA | {"OS-EXT-IMG-SIZE:size", "server"}
    assert (shown["status"], shown["progress"], shown["server"]["id"]) == ("ACTIVE", 100, str(server.pk))
    assert member.get(f"images/{half.pk}")["image"]["status"] == "SAVING"
    first = member.get("images?limit=1")
    assert (len(first["images"]), set(first["images"][0])) == (1, {"id", "name", "links"})
    assert f"marker={half.pk}" in first["images_links"][0]["href"]
    assert len(member.get("images/detail")["images"]) == 3
    for path in ("images", "images/detail", f"images/{mine.pk}"):
        member.at("2.36").get(path, 404)


def test_lists_cost_a_constant_number_of_queries(member: Compute, blue: Project) -> None:
    costs = set()
    for _round in range(3):
        own(blue, taken_from=factories.InstanceFactory(project=blue))
        for path in ("/image/v2/images", "images/detail"):
            member.get(path)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                member.get(path)
            costs.add((path, len(queries)))
    assert len(costs) == 2


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("container_format=bare", ["new", "old"]),
        ("container_format=ova", []),
        ("protected=true", []),
        ("protected=False", ["new", "old"]),
        ("os_hidden=true", []),
        ("os_type=windows", ["new"]),
        ("os_hash_value=abc", ["new"]),
        ("min_disk=3", ["new"]),
        ("min_ram=7", []),
        ("hw_disk_bus=scsi", ["new"]),
        ("hw_disk_bus=virtio", []),
        ("nonsense=1", []),
        ("hw_disk_bus=scsi&hw_vif_model=e1000", ["new"]),
        ("member_status=all", ["new", "old"]),
        ("created_at=gt:2026-01-01T00:00:00Z", ["new"]),
        ("created_at=gte:2026-01-01T00:00:00Z", ["new", "old"]),
        ("created_at=2026-01-01T00:00:00Z", ["old"]),
        ("created_at=neq:2026-01-01T00:00:00Z", ["new"]),
        ("created_at=lt:2026-01-01T00:00:00Z", []),
        ("created_at=lte:2026-01-01T00:00:00Z", ["old"]),
    ],
)
def test_every_documented_filter(member: Compute, query: str, names: list[str]) -> None:
    old = factories.ImageFactory(name="old")
    Image.objects.filter(pk=old.pk).update(created_at="2026-01-01T00:00:00.5Z")
    properties = {"hw_disk_bus": "scsi", "hw_vif_model": "e1000"}
    factories.ImageFactory(
        name="new", os_type="windows", min_disk_gib=3, properties=properties, checksum="abc"
    )
    assert [row["name"] for row in member.get(f"/image/v2/images?{query}")["images"]] == names


def test_a_time_that_is_none(member: Compute) -> None:
    member.get("/image/v2/images?created_at=gt:soon", 400)
    member.get("/image/v2/images?min_disk=x", 400)


@pytest.mark.parametrize(
    "path", ["/image/v2/images?created_at=", "servers?launched_at=", "servers?changes-before="]
)
def test_a_time_at_the_end_of_all_times(member: Compute, path: str) -> None:
    member.at("2.83").get(f"{path}9999-12-31T23:59:59Z", 400)


def test_too_many_properties_are_refused(member: Compute) -> None:
    for number, status in ((20, 200), (21, 400)):
        member.get("/image/v2/images?" + "&".join(f"p{at}=x" for at in range(number)), status)
