"""Copies of disks that stand alone: of guests that run, and of files."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from compute.driver.errors import DriverError
from compute.driver.files import part_path
from compute.driver.specs import BackingSpec
from compute.driver.specs.sources import FileSource
from compute.driver.storage.directory import DirectoryPool
from compute.driver.storage.disk_copy import DiskCopy
from compute.driver.storage.flatten import flatten
from tests.hypervisor.conftest import MIB, QUIET, Workshop
from tests.hypervisor.contents import filled, holds


def described(file: Path) -> dict[str, Any]:
    told = subprocess.run(
        ["qemu-img", "info", "-U", "--output=json", file], check=True, capture_output=True, text=True
    ).stdout
    return dict(json.loads(told))


@pytest.fixture
def disk(tmp_path: Path) -> tuple[FileSource, BackingSpec]:
    """A disk of 64 MiB over an image, with something in both."""
    base, disk = tmp_path / "base, with a comma", tmp_path / "disk"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", base, "32M"], check=True)
    filled(base, 1, "1M")
    filled(base, 1, "2M")
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", disk, "64M"], check=True
    )
    filled(disk, 2, "2M")
    return FileSource(path=disk), BackingSpec(source=FileSource(path=base), format="qcow2")


def base_of(disk: tuple[FileSource, BackingSpec]) -> FileSource:
    assert isinstance(disk[1].source, FileSource)
    return disk[1].source


def test_a_flat_copy_holds_both_and_needs_neither(
    disk: tuple[FileSource, BackingSpec], tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    target = tmp_path / "flat"
    flatten(*disk, target, 64 * MIB, lambda *far: seen.append(far))
    assert seen[-1] == (64 * MIB, 64 * MIB)
    flatten(*disk, target, 64 * MIB, QUIET)  # already there
    for layer in (disk[0], base_of(disk)):
        layer.path.unlink()
    found = described(target)
    assert (found["virtual-size"], "backing-filename" in found) == (64 * MIB, False)
    assert holds(target, 1, "1M")
    assert holds(target, 2, "2M")
    assert target.stat().st_mode & 0o777 == 0o600


def test_what_a_disk_says_is_under_it_is_not_believed(
    disk: tuple[FileSource, BackingSpec], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", secret, "32M"], check=True)
    filled(secret, 7, "4M")
    subprocess.run(["qemu-img", "rebase", "-q", "-u", "-b", secret, "-F", "qcow2", disk[0].path], check=True)
    flatten(*disk, tmp_path / "flat", 64 * MIB, QUIET)
    assert holds(tmp_path / "flat", 0, "4M")
    assert holds(tmp_path / "flat", 1, "1M")


def test_a_disk_with_its_data_elsewhere_is_refused(
    disk: tuple[FileSource, BackingSpec], tmp_path: Path
) -> None:
    split = tmp_path / "split"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-o", f"data_file={tmp_path / 'data'}", split, "1M"],
        check=True,
    )
    with pytest.raises(DriverError, match="in another file"):
        flatten(FileSource(path=split), None, tmp_path / "flat", MIB, QUIET)
    assert not (tmp_path / "flat").exists()


def test_what_fails_or_is_cancelled_leaves_nothing(
    disk: tuple[FileSource, BackingSpec], tmp_path: Path
) -> None:
    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Enough

    target = tmp_path / "flat"
    with pytest.raises(Enough):
        flatten(*disk, target, 64 * MIB, stop)
    base_of(disk).path.unlink()
    with pytest.raises(DriverError, match="Copying disk failed"):
        flatten(*disk, target, 64 * MIB, QUIET)
    assert not target.exists()
    assert not part_path(target).exists()


def test_the_disk_of_a_guest_that_runs(workshop: Workshop, pool: DirectoryPool, tmp_path: Path) -> None:
    guest = workshop.guest()
    guest.start()
    pool.create("taken", 128 * MIB)
    pool.create("taken", 128 * MIB)  # again, as after a worker's death
    copy = DiskCopy(workshop.uri, guest.uuid, pool.source_of("taken"), "vda", stands_alone=True)
    copy.start()
    assert copy.is_running()
    copy.finish(QUIET)
    assert not copy.is_running()
    target = tmp_path / "image"
    pool.export("taken", target, QUIET)
    found = described(target)
    assert (found["virtual-size"], "backing-filename" in found) == (128 * MIB, False)
    assert found["actual-size"] < 16 * MIB
    assert pool.stat("taken") is None
    assert (target.stat().st_uid, target.stat().st_mode & 0o777) == (Path("/proc/self").stat().st_uid, 0o600)
