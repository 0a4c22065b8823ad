"""Image files in a folder and in a bucket: each is written in parts, read in ranges, and delivered once."""

import hashlib
import io
import re
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import override_settings

from accounts.models import Project, Quota, User
from compute.driver.storage.directory import DirectoryPool
from compute.hosts.services import hosts
from compute.images.models import Image
from compute.images.services import image_files, images, uploads
from compute.images.services.image_files import image_store
from compute.store import Part, s3
from portal import file_storage
from tests import factories
from tests.compute.api.compute_calls import Compute, compute_of
from tests.compute.api.image_calls import IMAGES, made, new, read, send
from tests.s3_server import S3Server
from tests.worker import work

Status = Image.Status
NAME = "7f3a3f0e-6f0b-4b65-9a2e-6a6f4c0f2f11"


def write(data: bytes, token: str = "") -> Part:
    part = image_store().new_part(NAME, token or str(uuid4()))
    for first in range(0, len(data), 2**20):
        part.write(data[first : first + 2**20])
    part.close()
    return part


@pytest.mark.usefixtures("store")
def test_a_part_is_seen_once_it_is_finished() -> None:
    data = bytes(range(256)) * 50_000
    part = write(data)
    assert not image_store().exists(NAME)
    assert image_store().names() == set()
    again = image_store().part(NAME, part.token)  # as another process has it
    again.finish()
    again.finish()
    assert image_store().names() == {NAME}
    for first, last in ((0, len(data) - 1), (0, 0), (7_000_000, 7_000_999), (len(data) - 5, len(data) - 1)):
        file = image_store().read_from(NAME, first, last)
        parts = []
        while len(b"".join(parts)) <= last - first and (chunk := file.read(2**20)):
            parts.append(chunk)
        file.close()
        assert b"".join(parts)[: last - first + 1] == data[first : last + 1]
    image_store().delete(NAME)
    image_store().delete(NAME)
    assert not image_store().exists(NAME)
    with pytest.raises(FileNotFoundError):
        image_store().read_from(NAME, 0, 1)


@pytest.mark.usefixtures("store")
def test_an_empty_file_is_a_file() -> None:
    write(b"").finish()
    assert image_store().exists(NAME)


@pytest.mark.usefixtures("store")
def test_what_was_discarded_becomes_no_file() -> None:
    parts = [write(b"some"), write(b"other")]
    parts[0].discard()
    parts[0].discard()
    with pytest.raises(FileNotFoundError):
        parts[0].finish()
    image_store().delete(NAME)
    with pytest.raises(FileNotFoundError):
        image_store().part(NAME, parts[1].token).finish()
    assert image_store().names() == set()


def test_parts_grow_so_that_a_large_image_has_few_enough(bucket: S3Server) -> None:
    sizes = [s3.PART_BYTES * (1 + number // s3.GROWS_AFTER) for number in range(10_000)]
    assert sum(sizes) > 256 * 2**30
    assert max(sizes) <= 5 * 2**30


@pytest.fixture
def member(alice: User, blue: Project) -> Compute:
    return compute_of(alice, blue)


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A raw disk of 12 MiB, of which the middle is empty."""
    return b"begin" + bytes(12 * 2**20 - 8) + b"end"


@pytest.mark.django_db
def test_the_api_fills_and_reads_an_image_in_a_bucket(
    member: Compute, bucket: S3Server, folder: Path, disk: bytes
) -> None:
    key = new(member, disk_format="raw")["id"]
    assert send(member, key, disk).status_code == 204
    row = member.get(f"{IMAGES}/{key}")
    assert (row["status"], row["size"]) == ("active", len(disk))
    assert row["os_hash_value"] == hashlib.sha256(disk).hexdigest()
    assert read(member, key) == (200, disk)
    assert read(member, key, Range="bytes=-3") == (206, b"end")
    assert read(member, key, Range="bytes=0-4") == (206, b"begin")
    assert [path.name for path in folder.iterdir()] == ["secret"]
    member.delete(f"{IMAGES}/{key}")


@pytest.mark.django_db
def test_what_is_refused_leaves_nothing_in_a_bucket(
    member: Compute, bucket: S3Server, disk: bytes, blue: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hostile = made(tmp_path_factory.mktemp("hostile") / "disk", "qcow2", "-b", "/etc/passwd", "-F", "raw")
    key = new(member, disk_format="qcow2")["id"]
    assert send(member, key, hostile).status_code == 400
    assert send(member, key, disk).status_code == 400
    Quota.objects.create(project=blue, resource="image_size_total", limit=8)
    assert send(member, key, disk).status_code == 413
    assert member.get(f"{IMAGES}/{key}")["status"] == "queued"
    assert bucket.is_empty()


@pytest.mark.django_db
def test_staged_data_become_an_image_without_being_copied(
    member: Compute, bucket: S3Server, disk: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key, refused = new(member, disk_format="raw")["id"], new(member, disk_format="qcow2")["id"]
    for image in (key, refused):
        assert send(member, image, disk, to="stage").status_code == 204
    assert image_files.stored_ids() == set()
    for image in (key, refused):
        member.post(f"{IMAGES}/{image}/import", {"method": {"name": "glance-direct"}}, 202)
    work("image.import")
    row = member.get(f"{IMAGES}/{key}")
    assert (row["status"], row["size"], row["stores"]) == ("active", len(disk), "s3")
    assert read(member, key) == (200, disk)
    assert member.get(f"{IMAGES}/{refused}")["os_glance_failed_import"] == "s3"
    assert image_files.stored_ids() == {key}
    bucket.bucket().objects.all().delete()
    assert bucket.is_empty()


@pytest.mark.django_db
def test_an_upload_whose_process_died_leaves_nothing_in_a_bucket(bucket: S3Server, blue: Project) -> None:
    image = factories.ImageFactory(project=blue, status=Status.SAVING, upload=uuid4())
    image_store().new_part(str(image.pk), str(image.upload)).write(bytes(6 * 2**20))
    Image.objects.filter(pk=image.pk).update(updated_at=image.updated_at - 2 * uploads.SILENT)
    assert uploads.sweep() == 1
    assert bucket.is_empty()


@pytest.mark.django_db
def test_a_service_that_is_away_is_said_without_its_secret(
    member: Compute, bucket: S3Server, disk: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new(member, disk_format="raw")["id"]
    monkeypatch.setenv("MERIDIAN_IMAGES_BUCKET_URL", "http://127.0.0.1:9")
    with override_settings(STORAGES={"images": file_storage.storage("IMAGES", hosts.IMAGES)}):
        answer = send(member, key, disk)
        assert answer.status_code == 503
    assert not re.search(r"127\.0\.0\.1|Traceback|secret", answer.content.decode())


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx"])
def test_an_image_is_fetched_into_a_pool_as_from_a_folder(
    store: str, form: str, disk: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    work = tmp_path_factory.mktemp("work")
    (work / "disk").write_bytes(disk)
    driver = {"vhd": "vpc"}.get(form, form)
    command = ["qemu-img", "convert", "-f", "raw", "-O", driver, work / "disk", work / form]
    subprocess.run(command, check=True)
    image = factories.ImageFactory(disk_format=form, status=Status.ACTIVE)
    data = (work / form).read_bytes()
    image.size = len(data)
    received = image_files.write_part(image, "token", io.BytesIO(data), lambda _size: None)
    image_files.finish_part(image, received)
    pool = DirectoryPool("test:///default", "default-pool", work)
    seen: list[tuple[int, int]] = []
    # libvirt's test driver knows no file of the folder, so the pool says that it is gone again.
    with pytest.raises(Exception, match="deleted meanwhile"):
        images.bring(image, pool, lambda *far: seen.append(far))
    copy = work / image.volume_name
    assert seen[-1][0] == seen[-1][1]
    subprocess.run(["qemu-img", "compare", "-q", copy, work / "disk"], check=True)
    if store == "bucket":
        assert copy.stat().st_blocks * 512 < 4 * 2**20, "empty stretches take no space"
    assert not [path for path in work.iterdir() if path.name.startswith(".")]
    image_store().delete(str(image.pk))


@pytest.mark.django_db
def test_what_a_host_has_written_is_moved_into_the_store(
    store: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("built") / "disk"
    data = made(path, "qcow2")
    image = image_files.adopt(path, "Mine")
    assert not path.exists()
    assert image_files.stored_ids() == {str(image.pk)}
    draft = image_files.draft_of(image)
    assert draft.exists() == (store == "folder")
    draft.write_bytes(data)
    image_files.store_draft(image, lambda _done, _total: None)
    image_files.remove_draft(image)
    assert draft.exists() == (store == "folder")
    assert draft.parent == hosts.IMAGES
    image_files.remove_file(image.pk)
    assert image_files.stored_ids() == set()
