"""Backups of disks that no guest has open: one that lies over another is copied too, and so is what changes in it."""

import json
import subprocess
from pathlib import Path

from compute.driver.specs import BackingSpec
from compute.driver.storage import disk_backup
from tests.hypervisor.conftest import MIB, QUIET, Workshop


def write(file: Path, pattern: str, offset: int, size: int) -> None:
    subprocess.run(
        ["qemu-io", "-c", f"write -P {pattern} {offset} {size}", str(file)], check=True, capture_output=True
    )


def same(one: Path, other: Path) -> bool:
    return (
        subprocess.run(["qemu-img", "compare", one, other], check=False, capture_output=True).returncode == 0
    )


def written(file: Path) -> list[tuple[int, int]]:
    """Where there are data in the file, and how many bytes."""
    said = subprocess.check_output(["qemu-img", "map", "--output=json", file])
    return [(part["start"], part["length"]) for part in json.loads(said) if part["data"]]


def test_a_disk_over_an_image(workshop: Workshop) -> None:
    pool, folder = workshop.pool, workshop.root / "pool"
    pool.create("below", 16 * MIB)
    write(folder / "below", "0x11", MIB, 2 * MIB)
    pool.overlay("disk", "below", 16 * MIB)
    write(folder / "disk", "0x22", 2 * MIB, 2 * MIB)
    disk, backing = pool.source_of("disk"), BackingSpec(source=pool.source_of("below"), format="qcow2")
    whole, changes = workshop.root / "whole", workshop.root / "changes"

    assert disk_backup.checkpoints(disk) == set()
    disk_backup.copy(disk, backing, whole, 16 * MIB, QUIET, checkpoint="one", since=None)
    assert same(whole, folder / "disk")
    assert disk_backup.checkpoints(disk) == {"one"}
    write(folder / "disk", "0x33", 8 * MIB, 64 * 1024)
    disk_backup.copy(disk, backing, changes, 16 * MIB, QUIET, checkpoint="two", since="one")
    assert written(changes) == [(8 * MIB, 64 * 1024)]
    write(folder / "disk", "0x44", 12 * MIB, 64 * 1024)
    both = workshop.root / "both"  # as if the second backup were deleted
    disk_backup.copy(disk, backing, both, 16 * MIB, QUIET, checkpoint="three", since="one")
    assert written(both) == [(8 * MIB, 64 * 1024), (12 * MIB, 64 * 1024)]
    for name in ("one", "three"):
        disk_backup.forget(disk, name)
    assert disk_backup.checkpoints(disk) == {"two"}
