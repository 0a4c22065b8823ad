"""Image v2 as clients use it: make an image, change and share it."""

from pathlib import Path
from typing import Any

import pytest

from accounts.models import Project
from compute.images.models import Image
from tests.compute.api.compute_calls import Compute
from tests.compute.api.image_calls import IMAGES, V2_0, V2_1, new, patch, read, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("image_store")]


def test_an_image_is_made_filled_and_read(member: Compute, disk: bytes, image_store: Path) -> None:
    image = new(member, os_distro="debian", tags=["b", "a", "b"], min_ram=64, min_disk=1)
    assert (image["status"], image["visibility"], image["size"]) == ("queued", "shared", None)
    assert (image["os_distro"], image["tags"], image["min_ram"]) == ("debian", ["a", "b"], 64)
    assert read(member, image["id"]) == (204, b"")
    assert send(member, image["id"], disk).status_code == 204
    shown = member.get(f"{IMAGES}/{image['id']}")
    assert (shown["status"], shown["size"], shown["virtual_size"]) == ("active", len(disk), 2**20)
    assert (shown["os_hash_algo"], len(shown["os_hash_value"])) == ("sha256", 64)
    assert read(member, image["id"]) == (200, disk)
    assert [path.name for path in image_store.iterdir()] == [image["id"]]
    assert (image_store / image["id"]).stat().st_mode & 0o777 == 0o600
    assert send(member, image["id"], disk).status_code == 409


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


def test_administrators_say_whose_an_image_is(
    admin: Compute, member: Compute, blue: Project, red: Project
) -> None:
    key = new(admin, owner=red.id)["id"]
    assert Image.objects.get(pk=key).project == red
    assert patch(admin, key, [{"op": "replace", "path": "/owner", "value": blue.id}])["owner"] == blue.id
    patch(member, key, [{"op": "replace", "path": "/owner", "value": red.id}], 403)
    patch(admin, key, [{"op": "replace", "path": "/owner", "value": "nobody"}], 400)
    assert new(member, owner=blue.id)["owner"] == blue.id
