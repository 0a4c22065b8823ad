"""Compressed images are unpacked while they come, whatever they were packed by."""

import bz2
import gzip
import hashlib
import io
import lzma
import subprocess
from pathlib import Path

import pytest
import zstandard

from accounts.models import Project, Quota, User
from compute.images.services import unpacking
from compute.images.services.bodies import Damaged
from compute.images.services.unpacking import Unpacked
from tests.compute.api.compute_calls import Compute, compute_of
from tests.compute.api.image_calls import IMAGES, made, new, read, send
from tests.worker import work

PACKERS = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.compress,
}
DATA = bytes(range(256)) * 4096 + bytes(2**20)


class Dripping:
    """Data that come in pieces of a few bytes."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._file, self._piece = io.BytesIO(data), piece

    def read(self, _size: int, /) -> bytes:
        return self._file.read(self._piece)


def unpack(data: bytes, piece: int = 2**18) -> bytes:
    body, parts = Unpacked(Dripping(data, piece)), []
    while part := body.read(100_000):
        assert len(part) <= 100_000
        parts.append(part)
    assert body.read(1) == b""
    return b"".join(parts)


@pytest.mark.parametrize("piece", [1, 700, 2**18])
@pytest.mark.parametrize("name", PACKERS)
def test_each_kind_is_unpacked_in_pieces_of_any_size(name: str, piece: int) -> None:
    data = DATA if piece > 1 else DATA[:10_000]
    packed = PACKERS[name](data)
    assert unpack(packed, piece) == data
    assert unpack(packed + packed, piece) == data + data, "several streams follow each other"
    assert unpack(packed + bytes(1024), piece) == data, "zeros fill up the end"


@pytest.mark.parametrize("name", PACKERS)
def test_what_is_cut_or_damaged_is_refused(name: str) -> None:
    packed = PACKERS[name](DATA)
    for wrong in (
        packed[:-3],
        packed[: len(packed) // 2],
        packed[:7],
        packed + b"more",
        b"",
        b"plain",
        bytes(100),
    ):
        with pytest.raises(Damaged):
            unpack(wrong)
    if name != "zstd":  # whose frames have no checksum unless it is wished for
        middle = len(packed) // 2
        with pytest.raises(Damaged):
            unpack(packed[:middle] + bytes([packed[middle] ^ 255]) + packed[middle + 1 :])


def test_tools_of_the_system_are_understood(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(DATA)
    for tool in ("gzip", "xz", "zstd"):
        packed = subprocess.run([tool, "-c", tmp_path / "disk"], check=True, capture_output=True).stdout
        assert unpack(packed) == DATA


def test_what_grows_out_of_proportion_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "SMALL", 2**20)
    for packer in PACKERS.values():
        with pytest.raises(Damaged, match="500"):
            unpack(packer(bytes(2**24)))
        assert unpack(packer(bytes(2**20))) == bytes(2**20)


def test_memory_is_bounded_by_what_xz_may_wish_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MEMORY", 2**20)
    with pytest.raises(Damaged):
        unpack(lzma.compress(DATA, preset=6))


@pytest.fixture
def member(alice: User, blue: Project) -> Compute:
    return compute_of(alice, blue)


@pytest.mark.django_db
@pytest.mark.parametrize("name", PACKERS)
def test_an_image_is_kept_as_it_was_before(
    member: Compute, folder: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    disk = made(tmp_path_factory.mktemp("made") / "disk", "qcow2")
    uploaded, staged = (
        new(member, disk_format="qcow2", container_format="compressed")["id"] for _number in range(2)
    )
    assert send(member, uploaded, PACKERS[name](disk)).status_code == 204
    assert send(member, staged, PACKERS[name](disk), to="stage").status_code == 204
    member.post(f"{IMAGES}/{staged}/import", {"method": {"name": "glance-direct"}}, 202)
    work("image.import")
    for key in (uploaded, staged):
        row = member.get(f"{IMAGES}/{key}")
        assert (row["status"], row["container_format"], row["size"]) == ("active", "bare", len(disk))
        assert row["os_hash_value"] == hashlib.sha256(disk).hexdigest()
        assert read(member, key) == (200, disk)


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_the_quota_counts_what_is_unpacked(member: Compute, blue: Project) -> None:
    Quota.objects.create(project=blue, resource="image_size_total", limit=3)
    key = new(member, disk_format="raw", container_format="compressed")["id"]
    assert send(member, key, gzip.compress(bytes(4 * 2**20))).status_code == 413
    assert send(member, key, gzip.compress(bytes(2 * 2**20))).status_code == 204


@pytest.mark.django_db
def test_ploop_is_refused_with_its_reason(member: Compute) -> None:
    body = {"name": "mine", "disk_format": "ploop", "container_format": "bare"}
    assert "qcow2 or raw first" in str(member.post(IMAGES, body, 400))
