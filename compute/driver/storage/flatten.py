"""Writes what a disk that is off holds, with the image under it, into one file that stands alone."""

from pathlib import Path

from ..errors import DriverError, translated
from ..files import Progress, make_whole, part_of
from ..specs import BackingSpec
from ..specs.sources import BlockSource, DiskSource, FileSource, label
from . import qemu_img
from .qcow2 import keeps_data_elsewhere


def flatten(
    disk: DiskSource,
    backing: BackingSpec | None,
    target: Path,
    size: int,
    progress: Progress,
) -> None:
    """Write `target`, a qcow2 file; `progress(done, total)` counts of the `size` bytes that the disk has.

    What is under the disk is told, as for guests: asking the file would let it lie. Already there is success.
    Raises StorageFull, and GuestBusy where a guest has the disk open; whatever `progress` raises ends it.
    """
    what = f"Copying {Path(label(disk)).name}"
    with translated(what):
        if isinstance(disk, FileSource | BlockSource) and keeps_data_elsewhere(Path(label(disk))):
            raise DriverError(f"{what} failed: it says that its data is in another file, which no disk's is.")
        source = qemu_img.address(disk, "qcow2", backing)
        command = ["convert", "-p", "-O", "qcow2", source, str(part_of(target))]
        make_whole(
            target, lambda _file: qemu_img.run(command, what, lambda share: progress(int(share * size), size))
        )
