"""Snapshots of guests: all disks at one moment, with the memory or without, and the way back."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from compute.driver.errors import Conflict, DriverError
from compute.driver.guest.domain import Guest
from compute.driver.guest.snapshot import GuestSnapshot
from compute.driver.specs import BackingSpec, DiskSpec, GuestSpec, PowerState
from compute.driver.specs.sources import FileSource
from compute.tiny.build import TinyImage
from tests.hypervisor.conftest import MIB, QUIET, Workshop
from tests.hypervisor.test_driver_tiny_guest import Screen


class Enough(Exception):
    """What somebody raises who does not want to wait."""


def said(screen: Screen, command: str, answer: str) -> None:
    """Type a command until the guest answers."""
    for _attempt in range(60):
        screen.console.write(f"{command}\n".encode())
        time.sleep(0.5)
        if answer in screen.text:
            return
    raise AssertionError(f"no {answer} in {screen.text[-800:]}")


def with_second_disk(workshop: Workshop, spec: GuestSpec) -> GuestSpec:
    second = f"{spec.uuid}-second"
    workshop.pool.create(second, 16 * MIB)
    disk = DiskSpec(source=workshop.pool.source_of(second), format="qcow2", target="vdb")
    return replace(spec, disks=(*spec.disks, disk))


def over(workshop: Workshop, spec: GuestSpec, suffix: str) -> GuestSpec:
    """The same guest on new files over its disks."""
    disks = []
    for disk in spec.disks:
        assert isinstance(disk.source, FileSource)
        name = disk.source.path.name
        workshop.pool.overlay(f"{name}-{suffix}", name, 128 * MIB)
        disks.append(
            replace(
                disk,
                source=workshop.pool.source_of(f"{name}-{suffix}"),
                backing=BackingSpec(source=disk.source, format="qcow2", backing=disk.backing),
            )
        )
    return replace(spec, disks=tuple(disks))


@pytest.mark.proof
def test_a_guest_goes_back_to_the_moment_of_its_memory(workshop: Workshop, tiny_image: TinyImage) -> None:
    pool = workshop.pool
    pool.import_file("tiny", tiny_image.path, "qcow2", QUIET)
    spec = with_second_disk(workshop, workshop.spec(image="tiny", memory_mib=128))
    guest = Guest.define(workshop.uri, spec)
    guest.start()
    screen = Screen(guest)
    said(screen, "echo up=$((40+2))", "up=42")
    said(screen, "x=41; echo before | dd of=/dev/vdb conv=fsync 2>/dev/null; echo put=$((40+3))", "put=43")
    tops = {
        target: pool.source_of(f"{name}-top")
        for target, name in (("vda", spec.uuid), ("vdb", f"{spec.uuid}-second"))
    }
    snapshot = GuestSnapshot(workshop.uri, spec.uuid, tops)
    memory = FileSource(path=workshop.root / "pool" / f"memory-{spec.uuid}")
    far: list[tuple[int, int]] = []
    assert not snapshot.is_taken()
    snapshot.take_with_memory(memory, lambda *done: far.append(done))
    assert snapshot.is_taken()
    snapshot.take_with_memory(memory, QUIET)  # taken already
    assert memory.path.stat().st_size > MIB
    assert guest.facts().power is PowerState.RUNNING
    said(screen, "x=7; echo after_ | dd of=/dev/vdb conv=fsync 2>/dev/null; echo put=$((40+4))", "put=44")
    screen.console.close()
    guest.destroy()

    spec = over(workshop, spec, "back")
    Guest.define(workshop.uri, spec)
    back = GuestSnapshot(workshop.uri, spec.uuid, {})
    back.restore(memory)
    back.restore(memory)  # it runs
    assert guest.facts().power is PowerState.RUNNING
    screen = Screen(guest)
    said(screen, "echo got=$((x+1)) $(dd if=/dev/vdb bs=6 count=1 2>/dev/null)", "got=42 before")
    screen.console.close()
    for disk in spec.disks:
        assert isinstance(disk.source, FileSource)
        assert GuestSnapshot(workshop.uri, spec.uuid, {disk.target: disk.source}).is_taken()
    guest.destroy()


def test_all_disks_go_on_at_one_moment_or_none(workshop: Workshop) -> None:
    pool = workshop.pool
    spec = with_second_disk(workshop, workshop.spec())
    guest = Guest.define(workshop.uri, spec)
    guest.start()
    pool.create(f"{spec.uuid}-second-top", 16 * MIB)  # in the way
    tops = {
        "vda": pool.source_of(f"{spec.uuid}-top"),
        "vdb": pool.source_of(f"{spec.uuid}-second-top"),
    }
    snapshot = GuestSnapshot(workshop.uri, spec.uuid, tops)
    with pytest.raises(Conflict):
        snapshot.take(quiesce=False)
    assert not any(GuestSnapshot(workshop.uri, spec.uuid, {name: tops[name]}).is_taken() for name in tops)
    for name in ("-top", "-second-top"):
        pool.delete(f"{spec.uuid}{name}")
    snapshot.take(quiesce=False)
    snapshot.take(quiesce=False)
    assert snapshot.is_taken()
    guest.destroy()


@pytest.mark.proof
def test_an_attempt_that_is_ended_leaves_the_guest_as_it_was(
    workshop: Workshop, tiny_image: TinyImage
) -> None:
    """By the one who began it, or by another worker while libvirt goes on for the dead one."""
    pool = workshop.pool
    pool.import_file("tiny", tiny_image.path, "qcow2", QUIET)
    spec = workshop.spec(image="tiny", memory_mib=768)
    guest = Guest.define(workshop.uri, spec)
    guest.start()
    screen = Screen(guest)
    fill = "mkdir -p /m; mount -t tmpfs x /m; dd if=/dev/urandom of=/m/x bs=1M count=400 2>/dev/null"
    said(screen, f"[ -e /m/x ] || {{ {fill}; }}; echo up=$((40+2))", "up=42")
    top = pool.source_of(f"{spec.uuid}-top")
    snapshot = GuestSnapshot(workshop.uri, spec.uuid, {"vda": top})
    memory = FileSource(path=workshop.root / "pool" / f"memory-{spec.uuid}")

    def cancel(_done: int, _total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        snapshot.take_with_memory(memory, cancel)
    assert not snapshot.is_taken()
    assert guest.facts().power is PowerState.RUNNING

    begun = threading.Event()
    with ThreadPoolExecutor(1) as one:
        dead = one.submit(snapshot.take_with_memory, memory, lambda *_far: begun.set())
        assert begun.wait(60)
        GuestSnapshot(workshop.uri, spec.uuid, {"vda": top}).end_attempts()
        assert isinstance(dead.exception(), DriverError)
    assert not snapshot.is_taken()
    for name in (f"{spec.uuid}-top", f"memory-{spec.uuid}"):
        pool.delete(name)
    snapshot.take_with_memory(memory, QUIET)
    assert snapshot.is_taken()
    said(screen, "echo on=$((40+3))", "on=43")
    screen.console.close()
    guest.destroy()
