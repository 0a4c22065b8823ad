"""Pools on the real libvirt."""

import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from compute.driver.errors import Conflict, DriverError, InvalidGuest, StorageNotFound
from compute.driver.storage.directory import Pool
from tests.hypervisor.conftest import MIB

QUIET = lambda done, total: None  # noqa: E731 - nobody listens to this progress


def test_ensure_twice_is_the_same_as_once(pool: Pool) -> None:
    pool.ensure()
    facts = pool.facts()
    assert 0 < facts.available_bytes <= facts.capacity_bytes
    assert facts.allocated_bytes > 0


def test_a_pool_elsewhere_is_a_conflict(pool: Pool, storage_root: Path) -> None:
    with pytest.raises(Conflict, match="is already at"):
        Pool(pool.uri, pool.name, storage_root / "elsewhere").ensure()


def test_a_folder_qemu_cannot_reach_is_refused(uri: str, prefix: str, storage_root: Path) -> None:
    closed = storage_root / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DriverError, match=f"chmod o\\+x {closed}"):
        Pool(uri, f"{prefix}-closed", closed / "pool").ensure()


def test_an_imported_image_is_a_volume_at_once(pool: Pool, storage_root: Path) -> None:
    seen: list[int] = []
    source = storage_root / "source.raw"
    source.write_bytes(b"x" * MIB)
    facts = pool.import_file("imported", source, "raw", lambda done, total: seen.append(done))
    assert (facts.name, facts.capacity_bytes, facts.format) == ("imported", MIB, "raw")
    assert seen[-1] == MIB
    again: list[int] = []
    assert pool.import_file("imported", source, "raw", lambda done, total: again.append(done)) == facts
    assert again == []
    pool.delete("imported")


def test_an_image_of_another_format_is_a_conflict(pool: Pool, storage_root: Path) -> None:
    source = storage_root / "lying.raw"
    source.write_bytes(b"x" * MIB)
    with pytest.raises(Conflict, match="is raw, not qcow2"):
        pool.import_file("lying", source, "qcow2", QUIET)
    pool.delete("lying")


def test_an_unfinished_copy_is_no_volume(pool: Pool) -> None:
    (pool.path / ".half.part").write_bytes(b"half")
    assert pool.volume("half") is None
    assert "half" not in [volume.name for volume in pool.volumes()]
    pool.delete("half")
    assert not (pool.path / ".half.part").exists()


def test_an_overlay_stands_on_its_base(pool: Pool) -> None:
    made = pool.create_overlay("overlay", "base", 64 * MIB)
    assert (made.capacity_bytes, made.format) == (64 * MIB, "qcow2")
    assert made.allocation_bytes < MIB
    again = pool.create_overlay("overlay", "base", 64 * MIB)
    assert replace(again, allocation_bytes=0) == replace(made, allocation_bytes=0)
    described = subprocess.run(["qemu-img", "info", made.path], capture_output=True, text=True, check=True)
    assert f"backing file: {pool.path / 'base'}" in described.stdout
    assert "backing file format: qcow2" in described.stdout
    pool.delete("overlay")


def test_an_overlay_over_something_else_is_a_conflict(pool: Pool, storage_root: Path) -> None:
    pool.import_file("other", storage_root / "base.qcow2", "qcow2", QUIET)
    pool.create_overlay("overlay", "other", 64 * MIB)
    with pytest.raises(Conflict, match="already exists over"):
        pool.create_overlay("overlay", "base", 64 * MIB)
    for name in ("overlay", "other"):
        pool.delete(name)


def test_an_overlay_needs_its_base_and_room_for_it(pool: Pool) -> None:
    with pytest.raises(StorageNotFound, match="its base nothing is not in pool"):
        pool.create_overlay("overlay", "nothing", 64 * MIB)
    with pytest.raises(InvalidGuest, match="choose a larger disk"):
        pool.create_overlay("overlay", "base", MIB)
    assert pool.volume("overlay") is None


def test_written_bytes_replace_older_ones(pool: Pool) -> None:
    pool.write_bytes("seed", b"1" * 4096)
    facts = pool.write_bytes("seed", b"2" * 2048)
    assert facts.path.read_bytes() == b"2" * 2048
    known = pool.volume("seed")
    assert known is not None
    assert known.capacity_bytes == facts.capacity_bytes == 2048
    pool.delete("seed")


def test_deleting_what_is_gone_is_success(pool: Pool) -> None:
    pool.delete("never-there")
    pool.create_overlay("overlay", "base", 64 * MIB)
    pool.volume_path("overlay").unlink()
    pool.delete("overlay")
    assert pool.volume("overlay") is None


@pytest.mark.parametrize("name", ["", ".", "..", "../passwd", "a/b", ".hidden", "line\nbreak", "x" * 201])
def test_names_stay_inside_the_folder(pool: Pool, name: str) -> None:
    with pytest.raises(DriverError, match="cannot be called"):
        pool.delete(name)


def test_many_at_once_do_not_disturb_each_other(pool: Pool) -> None:
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for round_ in range(5):
                pool.create_overlay(f"many-{number}-{round_}", "base", 64 * MIB)
                pool.volumes()
                pool.delete(f"many-{number}-{round_}")
        except DriverError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
