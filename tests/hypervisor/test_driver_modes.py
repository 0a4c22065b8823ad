"""What holds guests' data is their owner's alone, and QEMU gets at it all the same."""

import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from compute.driver.connection import connect
from compute.driver.guest.domain import Guest
from compute.driver.guest.state_files import copy_nvram
from compute.driver.host.folders import make_private_folder
from compute.driver.specs import GuestSpec, PowerState
from compute.driver.specs.hardware import HardwareSpec
from compute.driver.storage.disk_copy import DiskCopy
from tests.hypervisor.conftest import MIB, QUIET, Workshop

SAVES = Path("/var/lib/libvirt/qemu/save")


@pytest.fixture
def specs(workshop: Workshop) -> Iterator[list[GuestSpec]]:
    """Two guests over one image, each with a config drive, variables of its firmware and a log."""
    folder = workshop.root / "private"
    folder.mkdir(mode=0o755)
    make_private_folder(folder)
    yield [
        replace(
            spec,
            console_log=folder / f"{spec.uuid}.log",
            nvram=folder / f"{spec.uuid}.fd",
            hardware=HardwareSpec(firmware="uefi"),
        )
        for spec in (workshop.spec(seed=b"secret" * 512), workshop.spec(seed=b"secret" * 512))
    ]
    workshop.sweep()
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def test_only_their_owner_reads_them(workshop: Workshop, specs: list[GuestSpec]) -> None:
    pool = workshop.pool
    guests = [Guest.define(workshop.uri, spec) for spec in specs]
    check(workshop)
    for guest in guests:
        guest.start()
    assert {guest.facts().power for guest in guests} == {PowerState.RUNNING}
    check(workshop)
    for name in (guests[0].uuid, f"{guests[0].uuid}-seed", "base"):
        assert stranger_fails("cat", pool.source_of(name).path)
    pool.create("taken", 128 * MIB)
    copy = DiskCopy(workshop.uri, guests[0].uuid, pool.source_of("taken"), "vda", stands_alone=True)
    copy.start()
    copy.finish(QUIET)
    check(workshop)
    guests[0].save()
    [saved] = SAVES.glob(f"{specs[0].name}*")
    assert stat.S_IMODE(saved.stat().st_mode) & 0o077 == 0
    guests[0].start()
    guests[1].destroy()  # gives its own files back, and leaves the shared image to the other
    check(workshop)
    guests[0].reset()
    guests[1].start()
    for guest in guests:
        assert guest.facts().power is PowerState.RUNNING
        guest.destroy()
        guest.start()
    check(workshop)
    copied = workshop.root / "private/copied.fd"
    nvram = specs[0].nvram
    assert nvram is not None
    copy_nvram(nvram, copied)
    assert stat.S_IMODE(copied.stat().st_mode) == 0o600
    pool.delete("taken")


def check(workshop: Workshop) -> None:
    """No file or folder of guests' data lets anybody else read, write or list."""
    folders = (workshop.pool.path, workshop.root / "private")
    for folder in folders:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o711
        for file in folder.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
        assert stranger_fails("ls", folder)
    handle = connect(workshop.uri).storagePoolLookupByName(workshop.pool.name)
    assert handle.isActive()


def stranger_fails(command: str, path: Path) -> bool:
    """Whether a user who is neither root nor QEMU's cannot do that."""
    stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return subprocess.run([*stranger, command, path], capture_output=True, check=False).returncode != 0
