"""Image v2 as clients use it: make an image, send its data, change and share it, read it back."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.context import for_user
from accounts.errors import Conflict
from accounts.models import Project, Quota, User
from compute.hosts.services import hosts
from compute.images.models import Image
from compute.images.services import uploads
from tests import factories
from tests.compute.api.compute_calls import Compute, compute_of

pytestmark = pytest.mark.django_db
IMAGES = "/image/v2/images"
V2_1 = "application/openstack-images-v2.1-json-patch"
V2_0 = "application/openstack-images-v2.0-json-patch"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of images' files."""
    monkeypatch.setattr(hosts, "IMAGES", tmp_path)
    return tmp_path


@pytest.fixture
def stranger(bob: User, red: Project) -> Compute:
    return compute_of(bob, red)


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A qcow2 image of 1 MiB."""
    return made(tmp_path_factory.mktemp("disk") / "disk", "qcow2")


def made(path: Path, form: str, *options: str) -> bytes:
    subprocess.run(["qemu-img", "create", "-f", form, *options, path, "1M"], check=True, capture_output=True)
    return path.read_bytes()


def new(member: Compute, **fields: Any) -> dict[str, Any]:
    body = {"name": "mine", "disk_format": "qcow2", "container_format": "bare"} | fields
    answer: dict[str, Any] = member.post(IMAGES, body, 201)
    return answer


def send(member: Compute, key: str, data: bytes, **headers: str) -> HttpResponse:
    return Client().generic(
        "PUT",
        f"{IMAGES}/{key}/file",
        data,
        content_type=headers.pop("content_type", "application/octet-stream"),
        headers={"X-Auth-Token": str(member.token)} | headers,
    )


def read(member: Compute, key: str, **headers: str) -> tuple[int, bytes]:
    answer = Client().get(f"{IMAGES}/{key}/file", headers={"X-Auth-Token": str(member.token)} | headers)
    data: bytes = answer.getvalue() if answer.streaming else answer.content
    return answer.status_code, data


def patch(member: Compute, key: str, changes: Any, status: int = 200, form: str = V2_1) -> dict[str, Any]:
    answer = Client().generic(
        "PATCH",
        f"{IMAGES}/{key}",
        json.dumps(changes).encode(),
        content_type=form,
        headers={"X-Auth-Token": str(member.token)},
    )
    assert answer.status_code == status, answer.content.decode()
    body: dict[str, Any] = json.loads(answer.content)
    return body


def test_an_image_is_made_filled_and_read(member: Compute, disk: bytes, store: Path) -> None:
    image = new(member, os_distro="debian", tags=["b", "a", "b"], min_ram=64, min_disk=1)
    assert (image["status"], image["visibility"], image["size"]) == ("queued", "shared", None)
    assert (image["os_distro"], image["tags"], image["min_ram"]) == ("debian", ["a", "b"], 64)
    assert read(member, image["id"]) == (204, b"")
    assert send(member, image["id"], disk).status_code == 204
    shown = member.get(f"{IMAGES}/{image['id']}")
    assert (shown["status"], shown["size"], shown["virtual_size"]) == ("active", len(disk), 2**20)
    assert (shown["os_hash_algo"], len(shown["os_hash_value"])) == ("sha256", 64)
    assert read(member, image["id"]) == (200, disk)
    assert [path.name for path in store.iterdir()] == [image["id"]]
    assert (store / image["id"]).stat().st_mode & 0o777 == 0o600
    assert send(member, image["id"], disk).status_code == 409


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=4-", 206, slice(4, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-99999999", 206, slice(0, None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=5-4", 416, slice(0, 0)),
        ("bytes=0-1,3-4", 200, slice(0, None)),
        ("rows=0-1", 200, slice(0, None)),
        ("bytes=-", 200, slice(0, None)),
    ],
)
def test_a_part_is_read(member: Compute, disk: bytes, wanted: str, status: int, part: slice) -> None:
    key = new(member)["id"]
    send(member, key, disk)
    assert read(member, key, Range=wanted) == (status, disk[part])


def test_an_id_may_be_chosen_once(member: Compute) -> None:
    key = "6a1c6e0a-5a43-4b06-9b0e-0f6a6c2f4f0a"
    assert new(member, id=key)["id"] == key
    member.post(IMAGES, {"id": key}, 409)
    member.post(IMAGES, {"id": "mine"}, 400)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"name": "x" * 256}, 400),
        ({"name": 7}, 400),
        ({"visibility": "everywhere"}, 400),
        ({"visibility": "public"}, 403),
        ({"disk_format": "floppy"}, 400),
        ({"container_format": 1}, 400),
        ({"min_ram": -1}, 400),
        ({"min_disk": True}, 400),
        ({"min_disk": 2**40}, 400),
        ({"protected": "very"}, 400),
        ({"tags": "one"}, 400),
        ({"tags": [7]}, 400),
        ({"status": "active"}, 403),
        ({"size": 7}, 403),
        ({"owner": "somebody"}, 403),
        ({"os_glance_x": "y"}, 403),
        ({"number": 7}, 400),
        ({"a/b": "c"}, 400),
        ({"long": "x" * 5000}, 400),
        ({"hw_disk_bus": "pigeon"}, 400),
    ],
)
def test_wrong_wishes_make_nothing(member: Compute, wrong: dict[str, Any], status: int) -> None:
    member.post(IMAGES, {"name": "mine"} | wrong, status)
    assert not Image.objects.exists()


def test_a_reader_makes_nothing(reader: Compute) -> None:
    reader.post(IMAGES, {"name": "mine"}, 403)


@pytest.mark.parametrize("name", ["raw", "vmdk", "vdi", "vhd", "vhdx"])
def test_every_format_is_taken_as_what_it_is(member: Compute, tmp_path: Path, name: str) -> None:
    data = made(tmp_path / "image", {"vhd": "vpc"}.get(name, name))
    key = new(member, disk_format=name)["id"]
    assert send(member, key, data).status_code == 204
    assert member.get(f"{IMAGES}/{key}")["status"] == "active"
    other = new(member, disk_format="qcow2")["id"]
    answer = send(member, other, data)
    assert answer.status_code == 400
    assert "declared as qcow2" in answer.content.decode()
    assert member.get(f"{IMAGES}/{other}")["status"] == "queued"


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("qcow2", ("-b", "/etc/passwd", "-F", "raw")),
        ("qcow2", ("-o", "data_file={folder}/outside")),
        ("vmdk", ("-o", "subformat=monolithicFlat")),
        ("vmdk", ("-o", "subformat=twoGbMaxExtentSparse")),
    ],
)
def test_an_image_that_reaches_for_other_files_is_refused(
    member: Compute, tmp_path: Path, store: Path, form: str, options: tuple[str, ...]
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    data = made(folder / "image", form, *(option.format(folder=folder) for option in options))
    for declared in (form, "raw"):
        key = new(member, disk_format=declared)["id"]
        assert send(member, key, data).status_code == 400
        assert member.get(f"{IMAGES}/{key}")["status"] == "queued"
    assert [path.name for path in store.iterdir()] == ["hostile"]


def test_data_need_a_type_and_formats(member: Compute, disk: bytes) -> None:
    key = new(member, disk_format=None)["id"]
    assert send(member, key, disk).status_code == 400
    assert send(member, key, disk, content_type="application/json").status_code == 415
    assert member.get(f"{IMAGES}/{key}")["status"] == "queued"


def test_the_quota_bounds_what_is_sent(member: Compute, blue: Project, disk: bytes, store: Path) -> None:
    Quota.objects.create(project=blue, resource="image_size_total", limit=1)
    key = new(member, disk_format="raw")["id"]
    assert send(member, key, bytes(2**20 + 1)).status_code == 413
    assert member.get(f"{IMAGES}/{key}")["status"] == "queued"
    assert not list(store.iterdir())
    Quota.objects.create(project=blue, resource="image_count_total", limit=1)
    member.post(IMAGES, {"name": "more"}, 403)


def test_an_upload_that_breaks_off_leaves_an_empty_image(alice: User, blue: Project, store: Path) -> None:
    image = factories.ImageFactory(project=blue, visibility="shared", status=Image.Status.QUEUED)

    class Broken:
        def read(self, size: int, /) -> bytes:
            assert Image.objects.get(pk=image.pk).status == Image.Status.SAVING
            raise ConnectionError

    with pytest.raises(ConnectionError):
        uploads.receive(for_user(alice, blue.id), image.pk, Broken(), None)
    image.refresh_from_db()
    assert image.status == Image.Status.QUEUED
    assert not list(store.iterdir())


@pytest.mark.parametrize("form", [V2_1, V2_0])
def test_fields_and_properties_change(member: Compute, form: str) -> None:
    key = new(member, os_distro="debian", colour="red")["id"]

    def change(operation: str, path: str, value: Any = None) -> dict[str, Any]:
        if form == V2_0:
            return {operation: path, "value": value}
        return {"op": operation, "path": path, "value": value}

    changes = [
        change("replace", "/name", "yours"),
        change("replace", "/os_distro", "ubuntu"),
        change("add", "/size_of_shoe", "42"),
        change("remove", "/colour"),
        change("add", "/tags", ["x"]),
        change("replace", "/visibility", "private"),
    ]
    shown = patch(member, key, changes, form=form)
    assert (shown["name"], shown["os_distro"], shown["size_of_shoe"]) == ("yours", "ubuntu", "42")
    assert (shown["tags"], shown["visibility"]) == (["x"], "private")
    assert "colour" not in shown


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"op": "replace"}, 400),
        ([{"op": "test", "path": "/name", "value": "x"}], 400),
        ([{"op": "replace", "path": "/name"}], 400),
        ([{"op": "replace", "path": "name", "value": "x"}], 400),
        ([{"op": "replace", "path": "/a/b", "value": "x"}], 400),
        (["name"], 400),
        ([{"op": "replace", "path": "/nothing", "value": "x"}], 409),
        ([{"op": "remove", "path": "/nothing"}], 409),
        ([{"op": "remove", "path": "/name"}], 403),
        ([{"op": "replace", "path": "/id", "value": "x"}], 403),
        ([{"op": "replace", "path": "/owner", "value": "x"}], 403),
        ([{"op": "replace", "path": "/status", "value": "active"}], 403),
        ([{"op": "replace", "path": "/visibility", "value": "public"}], 403),
        ([{"op": "replace", "path": "/min_disk", "value": "x"}], 400),
    ],
)
def test_wrong_changes_change_nothing(member: Compute, changes: Any, status: int) -> None:
    before = new(member)
    patch(member, before["id"], changes, status)
    assert member.get(f"{IMAGES}/{before['id']}") == before


def test_formats_stay_once_there_are_data(member: Compute, disk: bytes) -> None:
    key = new(member)["id"]
    patch(member, key, [{"op": "replace", "path": "/disk_format", "value": "raw"}])
    patch(member, key, [{"op": "replace", "path": "/disk_format", "value": "qcow2"}])
    send(member, key, disk)
    patch(member, key, [{"op": "replace", "path": "/disk_format", "value": "raw"}], 403)
    patch(member, key, [], 415, form="application/json")


def test_strangers_neither_see_nor_change(member: Compute, stranger: Compute, disk: bytes) -> None:
    key = new(member, visibility="private")["id"]
    stranger.get(f"{IMAGES}/{key}", 404)
    patch(stranger, key, [{"op": "replace", "path": "/name", "value": "x"}], 404)
    assert send(stranger, key, disk).status_code == 404
    assert read(stranger, key)[0] == 404
    stranger.delete(f"{IMAGES}/{key}", 404)


def test_the_community_finds_an_image_by_its_id_alone(member: Compute, stranger: Compute) -> None:
    key = new(member, visibility="community")["id"]
    assert stranger.get(f"{IMAGES}/{key}")["id"] == key
    assert stranger.get(IMAGES)["images"] == []
    assert [row["id"] for row in stranger.get(f"{IMAGES}?visibility=community")["images"]] == [key]
    assert [row["id"] for row in member.get(IMAGES)["images"]] == [key]
    patch(stranger, key, [{"op": "replace", "path": "/name", "value": "x"}], 403)
    stranger.delete(f"{IMAGES}/{key}", 403)


def test_an_image_is_shared_and_accepted(
    member: Compute, stranger: Compute, blue: Project, red: Project
) -> None:
    key = new(member)["id"]
    stranger.get(f"{IMAGES}/{key}", 404)
    added = member.post(f"{IMAGES}/{key}/members", {"member": red.id})
    assert (added["member_id"], added["status"]) == (red.id, "pending")
    member.post(f"{IMAGES}/{key}/members", {"member": red.id}, 409)
    member.post(f"{IMAGES}/{key}/members", {"member": "nobody"}, 400)
    assert stranger.get(f"{IMAGES}/{key}")["id"] == key
    assert stranger.get(IMAGES)["images"] == []
    pending = stranger.get(f"{IMAGES}?visibility=shared&member_status=pending")["images"]
    assert [row["id"] for row in pending] == [key]
    member.put(f"{IMAGES}/{key}/members/{red.id}", {"status": "accepted"}, 403)
    stranger.put(f"{IMAGES}/{key}/members/{red.id}", {"status": "perhaps"}, 400)
    stranger.put(f"{IMAGES}/{key}/members/{red.id}", {"status": "accepted"})
    assert [row["id"] for row in stranger.get(IMAGES)["images"]] == [key]
    assert [row["member_id"] for row in stranger.get(f"{IMAGES}/{key}/members")["members"]] == [red.id]
    stranger.post(f"{IMAGES}/{key}/members", {"member": blue.id}, 403)
    stranger.delete(f"{IMAGES}/{key}/members/{red.id}", 403)
    patch(stranger, key, [{"op": "replace", "path": "/name", "value": "x"}], 403)
    member.delete(f"{IMAGES}/{key}/members/{red.id}")
    stranger.get(f"{IMAGES}/{key}", 404)


def test_private_images_have_no_members(member: Compute, red: Project) -> None:
    key = new(member, visibility="private")["id"]
    member.post(f"{IMAGES}/{key}/members", {"member": red.id}, 403)


def test_tags_come_and_go(member: Compute) -> None:
    key = new(member)["id"]
    for tag in ("one", "two words", 'quo"te'):
        member.put(f"{IMAGES}/{key}/tags/{tag}", None, 204)
    assert member.get(f"{IMAGES}/{key}")["tags"] == ["one", 'quo"te', "two words"]
    assert len(member.get(f"{IMAGES}?tag=one&tag=two words")["images"]) == 1
    assert len(member.get(f'{IMAGES}?tag=quo"te')["images"]) == 1
    assert member.get(f"{IMAGES}?tag=on")["images"] == []
    member.delete(f"{IMAGES}/{key}/tags/one")
    member.delete(f"{IMAGES}/{key}/tags/one", 404)
    member.put(f"{IMAGES}/{key}/tags/{'x' * 256}", None, 400)


def test_a_deactivated_image_gives_no_data(member: Compute, admin: Compute, disk: bytes) -> None:
    key = new(member)["id"]
    member.post(f"{IMAGES}/{key}/actions/deactivate", {}, 403)
    send(member, key, disk)
    for _time in range(2):
        member.post(f"{IMAGES}/{key}/actions/deactivate", {}, 204)
    assert member.get(f"{IMAGES}/{key}")["status"] == "deactivated"
    assert read(member, key)[0] == 403
    assert read(admin, key) == (200, disk)
    admin.post(f"{IMAGES}/{key}/actions/reactivate", {}, 204)
    assert read(member, key) == (200, disk)


def test_protected_and_hidden(member: Compute, disk: bytes) -> None:
    key = new(member, protected=True, os_hidden=True)["id"]
    member.delete(f"{IMAGES}/{key}", 403)
    assert member.get(IMAGES)["images"] == []
    assert len(member.get(f"{IMAGES}?os_hidden=true&protected=true")["images"]) == 1
    patch(member, key, [{"op": "replace", "path": "/protected", "value": False}])
    member.delete(f"{IMAGES}/{key}")


def test_administrators_make_public_ones(admin: Compute, stranger: Compute) -> None:
    key = new(admin, visibility="public")["id"]
    assert [row["id"] for row in stranger.get(IMAGES)["images"]] == [key]
    patch(stranger, key, [{"op": "replace", "path": "/name", "value": "x"}], 403)


@pytest.mark.parametrize("name", ["image", "images", "member", "members"])
def test_the_schemas_are_there(member: Compute, name: str) -> None:
    assert member.get(f"/image/v2/schemas/{name}")["name"] == name


def test_an_upload_whose_process_died_is_given_up(blue: Project, store: Path) -> None:
    image = factories.ImageFactory(project=blue, status=Image.Status.SAVING, upload=uuid4())
    kept = factories.ImageFactory(project=blue, status=Image.Status.SAVING, upload=uuid4())
    (store / f".{image.pk}.{image.upload}.part").write_bytes(b"half")
    Image.objects.filter(pk=image.pk).update(updated_at=timezone.now() - uploads.SILENT)
    assert uploads.sweep() == 1
    for row in (image, kept):
        row.refresh_from_db()
    assert (image.status, kept.status) == (Image.Status.QUEUED, Image.Status.SAVING)
    assert not list(store.iterdir())


def test_an_upload_that_was_given_up_fills_nothing(alice: User, blue: Project, store: Path) -> None:
    image = factories.ImageFactory(
        project=blue, visibility="shared", status=Image.Status.QUEUED, disk_format="raw"
    )
    asker = for_user(alice, blue.id)

    class Slow:
        """Nothing comes from it for so long that another upload fills the image."""

        parts = [b"slow", b""]

        def read(self, size: int, /) -> bytes:
            if len(self.parts) == 1:
                Image.objects.update(updated_at=timezone.now() - uploads.SILENT)
                assert uploads.sweep() == 1
                uploads.receive(asker, image.pk, io.BytesIO(b"quick"), None)
            return self.parts.pop(0)

    with pytest.raises(Conflict):
        uploads.receive(asker, image.pk, Slow(), None)
    image.refresh_from_db()
    assert (image.status, image.size) == (Image.Status.ACTIVE, 5)
    assert [path.read_bytes() for path in store.iterdir()] == [b"quick"]


def test_administrators_say_whose_an_image_is(
    admin: Compute, member: Compute, blue: Project, red: Project
) -> None:
    key = new(admin, owner=red.id)["id"]
    assert Image.objects.get(pk=key).project == red
    assert patch(admin, key, [{"op": "replace", "path": "/owner", "value": blue.id}])["owner"] == blue.id
    patch(member, key, [{"op": "replace", "path": "/owner", "value": red.id}], 403)
    patch(admin, key, [{"op": "replace", "path": "/owner", "value": "nobody"}], 400)
    assert new(member, owner=blue.id)["owner"] == blue.id


@pytest.mark.django_db(transaction=True)
def test_a_deleted_image_is_gone_at_once(member: Compute, disk: bytes, store: Path) -> None:
    key = new(member)["id"]
    send(member, key, disk)
    member.delete(f"{IMAGES}/{key}")
    assert not list(store.iterdir())
    assert Image.objects.get(pk=key).status == Image.Status.DELETED
    member.get(f"{IMAGES}/{key}", 404)
