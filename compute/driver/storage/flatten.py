"""Flatten a disk and its backing images into one file."""

from pathlib import Path

from ..errors import DriverError, translated
from ..files import Progress, create_atomic, part_path
from ..specs import BackingSpec, DiskFormat
from ..specs.sources import BlockSource, DiskSource, FileSource, label
from . import qemu_img
from .qcow2 import has_external_data_file


def flatten(
    disk: DiskSource,
    backing: BackingSpec | None,
    target: Path,
    size: int,
    progress: Progress,
    output: DiskFormat = "qcow2",
) -> None:
    """Write `target`, a file of the format `output`. An existing one is success.

    `progress(done, total)` counts the disk's `size` bytes.
    The backing images are named, as for guests, since the file's own header cannot be trusted. Raise StorageFull,
    GuestBusy if a guest has the disk open, and what `progress` raises to cancel.
    """
    attempt = f"Copying {Path(label(disk)).name}"
    with translated(attempt):
        if isinstance(disk, FileSource | BlockSource) and has_external_data_file(Path(label(disk))):
            raise DriverError(
                f"{attempt} failed: it says that its data is in another file, which no disk's is."
            )
        source = qemu_img.address(disk, "qcow2", backing)
        command = ["convert", "-p", "-O", output, source, str(part_path(target))]
        create_atomic(
            target,
            lambda _file: qemu_img.run(command, attempt, lambda share: progress(int(share * size), size)),
        )
