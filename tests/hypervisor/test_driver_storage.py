"""Pools on the real libvirt."""

import socket
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from compute.driver.errors import Conflict, DriverError, GuestBusy, InvalidGuest, StorageNotFound
from compute.driver.guest.domain import Guest
from compute.driver.specs import DiskSpec, PowerState
from compute.driver.specs.sources import BlockSource, NetworkSource, StorageHost
from compute.driver.storage.directory import DirectoryPool
from tests.hypervisor.conftest import MIB, QUIET, Workshop
from tests.hypervisor.contents import filled, holds
from tests.ports import free_port
from tests.waiting import wait_until


def test_ensure_twice_is_the_same_as_once(pool: DirectoryPool) -> None:
    pool.ensure()
    facts = pool.facts()
    assert 0 < facts.available_bytes <= facts.capacity_bytes
    assert facts.allocated_bytes > 0


def test_a_pool_elsewhere_is_a_conflict(pool: DirectoryPool, storage_root: Path) -> None:
    with pytest.raises(Conflict, match="is already at"):
        DirectoryPool(pool.uri, pool.name, storage_root / "elsewhere").ensure()


def test_a_folder_qemu_cannot_reach_is_refused(uri: str, prefix: str, storage_root: Path) -> None:
    closed = storage_root / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DriverError, match=f"chmod o\\+x {closed}"):
        DirectoryPool(uri, f"{prefix}-closed", closed / "pool").ensure()


def test_an_imported_image_is_a_volume_at_once(pool: DirectoryPool, storage_root: Path) -> None:
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


def test_an_image_of_another_format_is_a_conflict(pool: DirectoryPool, storage_root: Path) -> None:
    source = storage_root / "lying.raw"
    source.write_bytes(b"x" * MIB)
    with pytest.raises(Conflict, match="is raw, not qcow2"):
        pool.import_file("lying", source, "qcow2", QUIET)
    pool.delete("lying")


def test_an_unfinished_copy_is_no_volume(pool: DirectoryPool) -> None:
    for name in (".half.part", ".half.raw"):
        (pool.path / name).write_bytes(b"half")
    assert pool.stat("half") is None
    assert "half" not in [volume.name for volume in pool.list()]
    pool.delete("half")
    assert not list(pool.path.glob(".half*"))


def test_an_overlay_stands_on_its_base(pool: DirectoryPool) -> None:
    made = pool.overlay("overlay", "base", 64 * MIB)
    assert (made.capacity_bytes, made.format) == (64 * MIB, "qcow2")
    assert made.allocation_bytes < MIB
    again = pool.overlay("overlay", "base", 64 * MIB)
    assert replace(again, allocation_bytes=0) == replace(made, allocation_bytes=0)
    described = subprocess.run(
        ["qemu-img", "info", made.source.path], capture_output=True, text=True, check=True
    )
    assert f"backing file: {pool.path / 'base'}" in described.stdout
    assert "backing file format: qcow2" in described.stdout
    pool.delete("overlay")


def test_an_overlay_over_something_else_is_a_conflict(pool: DirectoryPool, storage_root: Path) -> None:
    pool.import_file("other", storage_root / "base.qcow2", "qcow2", QUIET)
    pool.overlay("overlay", "other", 64 * MIB)
    with pytest.raises(Conflict, match="already exists over"):
        pool.overlay("overlay", "base", 64 * MIB)
    for name in ("overlay", "other"):
        pool.delete(name)


def test_an_overlay_needs_its_base_and_room_for_it(pool: DirectoryPool) -> None:
    with pytest.raises(StorageNotFound, match="its base nothing is not in pool"):
        pool.overlay("overlay", "nothing", 64 * MIB)
    with pytest.raises(InvalidGuest, match="choose a larger disk"):
        pool.overlay("overlay", "base", MIB)
    assert pool.stat("overlay") is None


def test_written_bytes_replace_older_ones(pool: DirectoryPool) -> None:
    pool.write("seed", b"1" * 4096)
    facts = pool.write("seed", b"2" * 2048)
    assert facts.source.path.read_bytes() == b"2" * 2048
    known = pool.stat("seed")
    assert known is not None
    assert known.capacity_bytes == facts.capacity_bytes == 2048
    pool.delete("seed")


def test_deleting_what_is_gone_is_success(pool: DirectoryPool) -> None:
    pool.delete("never-there")
    pool.overlay("overlay", "base", 64 * MIB)
    pool.source_of("overlay").path.unlink()
    pool.delete("overlay")
    assert pool.stat("overlay") is None


@pytest.mark.parametrize("name", ["", ".", "..", "../passwd", "a/b", ".hidden", "line\nbreak", "x" * 201])
def test_names_stay_inside_the_folder(pool: DirectoryPool, name: str) -> None:
    with pytest.raises(DriverError, match="cannot be called"):
        pool.delete(name)


def test_many_at_once_do_not_disturb_each_other(pool: DirectoryPool) -> None:
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for round_ in range(5):
                pool.overlay(f"many-{number}-{round_}", "base", 64 * MIB)
                pool.list()
                pool.delete(f"many-{number}-{round_}")
        except DriverError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def virtual_size(pool: DirectoryPool, name: str) -> int:
    facts = pool.stat(name)
    assert facts is not None
    return facts.capacity_bytes


def test_a_volume_goes_back_to_what_it_was_and_to_its_size(workshop: Workshop) -> None:
    pool, guest = workshop.pool, workshop.guest()
    disk = pool.source_of(guest.uuid)
    filled(disk.path, 1, "1M")
    pool.snapshot(guest.uuid, "before")
    pool.snapshot(guest.uuid, "before")
    filled(disk.path, 2, "1M")
    pool.resize(guest.uuid, 256 * MIB)
    assert virtual_size(pool, guest.uuid) == 256 * MIB
    pool.revert(guest.uuid, "before")
    assert holds(disk.path, 1, "1M")
    assert virtual_size(pool, guest.uuid) == 128 * MIB
    pool.delete_snapshot(guest.uuid, "before", guest)
    pool.delete_snapshot(guest.uuid, "before", guest)
    filled(disk.path, 3, "1M")
    pool.revert(guest.uuid, "before")  # nothing is kept any more
    assert holds(disk.path, 3, "1M")
    with pytest.raises(StorageNotFound):
        pool.snapshot("nothing", "before")
    pool.delete_snapshot("nothing", "before", guest)


def test_a_snapshot_of_a_running_guest_goes_through_its_qemu(workshop: Workshop) -> None:
    pool, guest = workshop.pool, workshop.guest()
    disk = pool.source_of(guest.uuid)
    pool.snapshot(guest.uuid, "before")
    guest.start()
    for work in (pool.snapshot, pool.revert):
        with pytest.raises(GuestBusy, match="has the disk open"):
            work(guest.uuid, "other" if work == pool.snapshot else "before")
    pool.delete_snapshot(guest.uuid, "before", guest)
    pool.delete_snapshot(guest.uuid, "before", guest)
    assert guest.facts().power is PowerState.RUNNING
    guest.destroy()
    listed = subprocess.run(
        ["qemu-img", "snapshot", "-l", disk.path], capture_output=True, text=True, check=True
    )
    assert listed.stdout == ""
    guest.undefine()


def test_a_guest_runs_from_a_block_device_and_from_the_network(workshop: Workshop, tmp_path: Path) -> None:
    spec = workshop.spec()
    raw, port = workshop.root / f"{spec.uuid}.raw", free_port()
    raw.write_bytes(b"\0" * MIB)
    device = subprocess.run(
        ["losetup", "--find", "--show", raw], capture_output=True, text=True, check=True
    ).stdout.strip()
    export = ["qemu-nbd", "-f", "qcow2", "-r", "-x", "image", "-b", "127.0.0.1", "-p", str(port), "-t"]
    server = subprocess.Popen([*export, workshop.root / "base.qcow2"])
    try:
        network = NetworkSource(
            protocol="nbd", name="image", hosts=(StorageHost(name="127.0.0.1", port=port),)
        )
        wait_until(lambda: answers(port), "the NBD server")
        disks = (
            *spec.disks,
            DiskSpec(
                source=BlockSource(device=Path(device)),
                format="raw",
                target="vdb",
                serial="5d1c0e0f-8f5a-4a53-a",
            ),
            DiskSpec(source=network, format="raw", target="vdc", read_only=True),
        )
        guest = Guest.define(workshop.uri, replace(spec, disks=disks))
        guest.start()
        assert guest.facts().power is PowerState.RUNNING
        guest.destroy()
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)
        server.terminate()
        server.wait()
    with pytest.raises(InvalidGuest, match="20 characters"):
        Guest.define(workshop.uri, replace(spec, disks=(replace(spec.disks[0], serial="x" * 21),)))


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
