"""Appliances (OVA): the first disk becomes the image; archives that reach for more are refused."""

import io
import tarfile
from pathlib import Path

import pytest

from accounts.models import Project, User
from compute.images.services import ova
from compute.images.services.bodies import Damaged
from tests.compute.api.compute_calls import Compute, compute_of
from tests.compute.api.image_calls import IMAGES, made, new, read, send

OVF = ("machine.ovf", b"<Envelope/>")


def archive(*files: tuple[str, bytes], form: int = tarfile.USTAR_FORMAT, **changes: object) -> bytes:
    """An archive of files; `changes` are made to the last one's header."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=form) as tar:
        for number, (name, content) in enumerate(files):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if number == len(files) - 1:
                for field, value in changes.items():
                    setattr(info, field, value)
            tar.addfile(info, io.BytesIO(content))
    return data.getvalue()


class Dripping(io.BytesIO):
    """Data that come in small pieces."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 100))


def taken(data: bytes, source: type[io.BytesIO] = io.BytesIO) -> bytes:
    body, disk = source(data), b""
    first = ova.FirstDisk(body)
    while part := first.read(10_000):
        disk += part
    assert first.read(1) == b""
    assert body.read(1) == b"", "all was read"
    return disk


@pytest.mark.parametrize("source", [io.BytesIO, Dripping])
def test_the_first_disk_is_taken(source: type[io.BytesIO]) -> None:
    disk, other = b"disk" * 300, b"other" * 500
    assert taken(archive(OVF, ("a.vmdk", disk), ("machine.mf", b"x"), ("b.vmdk", other)), source) == disk
    assert taken(archive(("a.VMDK", disk)), source) == disk
    assert taken(archive(OVF, ("a.img", b"")), source) == b""


@pytest.mark.parametrize(
    "data",
    [
        archive(OVF),
        archive(OVF, ("../a.vmdk", b"x")),
        archive(OVF, ("/etc/a.vmdk", b"x")),
        archive(OVF, ("folder/a.vmdk", b"x")),
        archive(OVF, ("..\\a.vmdk", b"x")),
        archive(OVF, (".a.vmdk", b"x")),
        archive(OVF, ("a.vmdk", b""), type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        archive(OVF, ("a.vmdk", b""), type=tarfile.LNKTYPE, linkname="machine.ovf"),
        archive(OVF, ("a.vmdk", b""), type=tarfile.DIRTYPE),
        archive(OVF, ("a.vmdk", b""), type=tarfile.CHRTYPE),
        archive(OVF, ("a.vmdk", b"x"), type=tarfile.GNUTYPE_SPARSE),
        archive(OVF, ("é" * 90 + ".vmdk", b"x"), form=tarfile.PAX_FORMAT),
        archive(("a.vmdk", b"x"), ("../b", b"x")),
        archive(OVF, ("a.vmdk", b"x" * 2000))[:2048],
        archive(OVF)[:300],
        b"no archive" * 100,
        b"",
        archive(*[(f"{number}.txt", b"") for number in range(ova.MOST_FILES + 1)]),
    ],
)
def test_what_is_no_plain_appliance_is_refused(data: bytes) -> None:
    with pytest.raises(Damaged):
        taken(data)


@pytest.fixture
def member(alice: User, blue: Project) -> Compute:
    return compute_of(alice, blue)


@pytest.mark.django_db
def test_an_appliance_becomes_an_image(
    member: Compute, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    where = tmp_path_factory.mktemp("made")
    disk = made(where / "disk", "vmdk", "-o", "subformat=streamOptimized")
    flat = made(where / "flat", "vmdk", "-o", "subformat=monolithicFlat")
    key = new(member, disk_format="vmdk", container_format="ova")["id"]
    for wrong in (archive(OVF, ("disk.vmdk", flat)), archive(OVF, ("../disk.vmdk", disk)), disk):
        assert send(member, key, wrong).status_code == 400
        assert not list(folder.iterdir())
    assert send(member, key, archive(OVF, ("disk.vmdk", disk))).status_code == 204
    row = member.get(f"{IMAGES}/{key}")
    assert (row["status"], row["container_format"], row["size"]) == ("active", "bare", len(disk))
    assert read(member, key) == (200, disk)
