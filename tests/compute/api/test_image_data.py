"""The data of images: sent, refused, broken off, and read back in whole or in part."""

import io
import time
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.context import for_user
from accounts.errors import Conflict
from accounts.models import Project, Quota, User
from compute.engine import operations
from compute.engine.models import Operation
from compute.images.models import Image
from compute.images.services import image_files, uploads
from tests import factories
from tests.compute.api.compute_calls import Compute
from tests.compute.api.image_calls import IMAGES, made, new, read, send
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("image_store")]


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
    member: Compute, tmp_path: Path, image_store: Path, form: str, options: tuple[str, ...]
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    data = made(folder / "image", form, *(option.format(folder=folder) for option in options))
    for declared in (form, "raw"):
        key = new(member, disk_format=declared)["id"]
        assert send(member, key, data).status_code == 400
        assert member.get(f"{IMAGES}/{key}")["status"] == "queued"
    assert [path.name for path in image_store.iterdir()] == ["hostile"]


def test_lists_are_narrowed_by_the_size_of_data(member: Compute, disk: bytes) -> None:
    key = new(member)["id"]
    send(member, key, disk)
    for size, expected in ((len(disk), [key]), (len(disk) + 1, [])):
        assert [row["id"] for row in member.get(f"{IMAGES}?size={size}")["images"]] == expected
    member.get(f"{IMAGES}?size=large", 400)


def test_data_need_a_type_and_formats(member: Compute, disk: bytes) -> None:
    key = new(member, disk_format=None)["id"]
    assert send(member, key, disk).status_code == 400
    assert send(member, key, disk, content_type="application/json").status_code == 415
    assert member.get(f"{IMAGES}/{key}")["status"] == "queued"


def test_the_quota_bounds_what_is_sent(
    member: Compute, blue: Project, disk: bytes, image_store: Path
) -> None:
    Quota.objects.create(project=blue, resource="image_size_total", limit=1)
    key = new(member, disk_format="raw")["id"]
    assert send(member, key, bytes(2**20 + 1)).status_code == 413
    assert member.get(f"{IMAGES}/{key}")["status"] == "queued"
    assert not list(image_store.iterdir())
    Quota.objects.create(project=blue, resource="image_count_total", limit=1)
    member.post(IMAGES, {"name": "more"}, 403)


def test_an_upload_that_breaks_off_leaves_an_empty_image(
    alice: User, blue: Project, image_store: Path
) -> None:
    image = factories.ImageFactory(project=blue, visibility="shared", status=Image.Status.QUEUED)

    class Broken:
        def read(self, size: int, /) -> bytes:
            assert Image.objects.get(pk=image.pk).status == Image.Status.SAVING
            raise ConnectionError

    with pytest.raises(ConnectionError):
        uploads.receive(for_user(alice, blue.id), image.pk, Broken(), None)
    image.refresh_from_db()
    assert image.status == Image.Status.QUEUED
    assert not list(image_store.iterdir())


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


def test_an_upload_whose_process_died_is_given_up(blue: Project, image_store: Path) -> None:
    image = factories.ImageFactory(project=blue, status=Image.Status.SAVING, upload=uuid4())
    kept = factories.ImageFactory(project=blue, status=Image.Status.SAVING, upload=uuid4())
    (image_store / f".{image.pk}.{image.upload}.part").write_bytes(b"half")
    Image.objects.filter(pk=image.pk).update(updated_at=timezone.now() - uploads.SILENT)
    assert uploads.sweep() == 1
    for row in (image, kept):
        row.refresh_from_db()
    assert (image.status, kept.status) == (Image.Status.QUEUED, Image.Status.SAVING)
    assert not list(image_store.iterdir())


def test_an_upload_that_was_given_up_fills_nothing(alice: User, blue: Project, image_store: Path) -> None:
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
    assert [path.read_bytes() for path in image_store.iterdir()] == [b"quick"]


@pytest.mark.django_db(transaction=True)
def test_a_deleted_image_is_gone_at_once(member: Compute, disk: bytes, image_store: Path) -> None:
    key = new(member)["id"]
    send(member, key, disk)
    member.delete(f"{IMAGES}/{key}")
    assert not list(image_store.iterdir())
    assert Image.objects.get(pk=key).status == Image.Status.DELETED
    member.get(f"{IMAGES}/{key}", 404)


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_a_worker_has_begun_is_awaited(
    member: Compute, disk: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, threads = operations.execute, []

    def in_a_worker(key: str) -> None:
        execute(key)
        connection.close()

    def execute_late(key: str) -> None:
        """A worker was quicker."""
        threads.append(Thread(target=in_a_worker, args=(key,)))
        threads[0].start()
        wait_until(lambda: Operation.objects.get(pk=key).fence > 0, "the worker to begin")

    def slowly(image_id: object) -> None:
        time.sleep(0.3)

    key = new(member)["id"]
    send(member, key, disk)
    monkeypatch.setattr(image_files, "remove_file", slowly)
    monkeypatch.setattr(operations, "execute", execute_late)
    member.delete(f"{IMAGES}/{key}")
    assert Image.objects.get(pk=key).status == Image.Status.DELETED
    assert not Operation.objects.open().exists()
    threads[0].join()
