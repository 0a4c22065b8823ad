"""What verbs share that copy an instance's disks: while its guest runs, or while it is off."""

from collections.abc import Callable

from compute.driver.errors import GuestNotFound
from compute.driver.files import Progress
from compute.driver.storage.disk_copy import DiskCopy
from compute.engine.operations import Run
from compute.instances.actions.steps import is_off
from compute.instances.models import Instance
from compute.instances.services import guests
from compute.volumes.models import Disk
from compute.volumes.services import disks


def runs(instance: Instance) -> bool:
    """Return whether the guest runs; one that is shelved has no guest."""
    try:
        return not is_off(instance)
    except GuestNotFound:
        return False


def live_copy(source: Instance, disk: Disk, name: str, *, stands_alone: bool = False) -> DiskCopy:
    """Return the copy of a disk of a guest that runs, into the volume `name` of its pool."""
    return DiskCopy(
        guests.uri(source),
        str(source.pk),
        disks.pool_of(disk).source_of(name),
        disk.device,
        stands_alone=stands_alone,
    )


def copy_while_it_runs(
    run: Run, live: DiskCopy, make_volume: Callable[[], object], progress: Progress
) -> None:
    """Copy into a volume made anew, unless a worker that died has begun already: then go on with that."""
    if not live.is_running():
        run.check()
        make_volume()
        live.start()
    live.finish(progress)


def size_of(disk: Disk) -> int:
    """Return how large a disk is, in bytes; 0 when it is not there."""
    present = disks.pool_of(disk).stat(disk.volume_name)
    return present.capacity_bytes if present else 0
