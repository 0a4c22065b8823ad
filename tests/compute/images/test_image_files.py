"""Image files are looked into before anything opens them; the catalog believes digests only."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.errors import BadInput, Unavailable
from compute.images.models import Image
from compute.images.services import catalog, gate, image_files, images
from tests.worker import work


def qemu_img(*arguments: str | Path) -> None:
    subprocess.run(["qemu-img", *arguments], check=True, capture_output=True)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A harmless image of 1 MiB."""
    qemu_img("create", "-f", "qcow2", tmp_path / "plain", "1M")
    return tmp_path / "plain"


def test_a_plain_image_is_described(plain: Path) -> None:
    assert gate.inspect(plain, "qcow2") == gate.Inspection(format="qcow2", virtual_size=2**20)


def test_an_image_that_reaches_another_file_is_refused(tmp_path: Path, plain: Path) -> None:
    qemu_img("create", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", tmp_path / "backed", "1M")
    qemu_img("create", "-f", "qcow2", "-o", f"data_file={tmp_path / 'outside'}", tmp_path / "split", "1M")
    for name in ("backed", "split"):
        with pytest.raises(BadInput, match=name):
            gate.inspect(tmp_path / name, "qcow2")


def test_measuring_tells_how_far_it_is(plain: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = image_files.measure(plain, lambda *far: seen.append(far))
    assert seen[-1] == (found["size"], found["size"])
    assert (found["disk_format"], found["virtual_size"], len(found["checksum"])) == ("qcow2", 2**20, 64)


@pytest.mark.parametrize("kind", ["vmdk", "vdi", "vpc", "raw"])
def test_other_formats_are_refused_whatever_the_name_says(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "image.qcow2"
    qemu_img("create", "-f", kind, file, "1M")
    with pytest.raises(BadInput, match="qcow2"):
        gate.inspect(file, "qcow2")


@pytest.mark.parametrize("content", [b"", b"QFI\xfb", b"QFI\xfb" + b"\xff" * 4096, b"<b>no image</b>" * 900])
def test_rubbish_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rubbish").write_bytes(content)
    with pytest.raises(BadInput):
        gate.inspect(tmp_path / "rubbish", "qcow2")


@pytest.mark.django_db
def test_an_adopted_image_can_be_launched_and_deleted(image_folder: Path, plain: Path) -> None:
    image = image_files.adopt(plain, "Mine", default_user="me")
    assert (image.status, image.virtual_size, len(image.checksum)) == (Image.Status.ACTIVE, 2**20, 64)
    assert image_files.draft_of(image).stat().st_size == image.size
    assert not plain.exists()
    kept = image_files.draft_of(image)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert images.discard_unused(image.pk, "test")
    work()
    assert not kept.exists()
    image.refresh_from_db()
    assert image.status == Image.Status.DELETED


def test_digests_are_found_in_both_usual_forms() -> None:
    digest = "ab" * 32
    entry = replace(catalog.CATALOG[0], url="https://x.example/a.img", digest="sha256")
    assert catalog.digest_in(entry, f"{'cd' * 32}  other\n{digest} *a.img\n") == digest
    assert catalog.digest_in(entry, f"# a.img: 5 bytes\nSHA256 (a.img) = {digest}\n") == digest
    with pytest.raises(Unavailable, match=r"a\.img"):
        catalog.digest_in(entry, f"{digest}  xa.img\n")


def test_the_catalog_is_complete() -> None:
    assert len({entry.key for entry in catalog.CATALOG}) == len(catalog.CATALOG)
    for entry in catalog.CATALOG:
        assert catalog.find(entry.key) is entry
        assert entry.url.startswith("https://")
        assert entry.checksums_url.startswith("https://")
    with pytest.raises(BadInput, match="debian-12"):
        catalog.find("plan-9")


@pytest.mark.django_db
def test_what_a_run_that_ended_early_has_built_is_taken(image_folder: Path, plain: Path) -> None:
    digest = hashlib.sha256(plain.rename(image_folder / "tiny.qcow2").read_bytes()).hexdigest()
    call_command("build_image", "tiny", verbosity=0)
    image = Image.objects.get()
    assert (image.name, image.checksum, image.status) == ("Tiny Linux", digest, Image.Status.ACTIVE)
    assert list(image_folder.iterdir()) == [image_files.draft_of(image)]
