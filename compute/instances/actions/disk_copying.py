"""The copying of an instance's disks, live or off, which several actions share."""

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


def is_running(instance: Instance) -> bool:
    """Return whether the guest runs. A shelved instance has no guest."""
    try:
        return not is_off(instance)
    except GuestNotFound:
        return False


def live_copy(source: Instance, disk: Disk, name: str, *, stands_alone: bool = False) -> DiskCopy:
    """Return the live copy of a running guest's disk into the volume `name` of the same pool."""
    return DiskCopy(
        guests.uri(source),
        str(source.pk),
        disks.pool_of(disk).source_of(name),
        disk.device,
        stands_alone=stands_alone,
    )


def copy_live(run: Run, live: DiskCopy, make_volume: Callable[[], object], progress: Progress) -> None:
    """Copy into a new volume, or continue the copy that an earlier worker began."""
    if not live.is_running():
        run.check()
        make_volume()
        live.start()
    live.finish(progress)


def disk_capacity(disk: Disk) -> int:
    """Return the capacity of a disk's volume in bytes; 0 if it does not exist."""
    volume = disks.pool_of(disk).stat(disk.volume_name)
    return volume.capacity_bytes if volume else 0
