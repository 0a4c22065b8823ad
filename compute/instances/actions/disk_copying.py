"""What verbs share that copy an instance's disk: while its guest runs, or while it is off."""

from collections.abc import Callable

from compute.driver.errors import GuestNotFound
from compute.driver.storage.disk_copy import DiskCopy
from compute.engine.operations import Run
from compute.instances.actions.steps import is_off
from compute.instances.models import Instance
from compute.instances.services import guest_spec, guests, hardware


def runs(instance: Instance) -> bool:
    """Whether the guest runs; one that is shelved has no guest."""
    try:
        return not is_off(instance)
    except GuestNotFound:
        return False


def live_copy(source: Instance, name: str, *, stands_alone: bool = False) -> DiskCopy:
    """The copy of the disk of a guest that runs into the volume `name` of its pool."""
    return DiskCopy(
        guests.uri(source),
        str(source.pk),
        guests.pool_of(source).source_of(name),
        guest_spec.root_device(hardware.of(source)).removeprefix("/dev/"),
        stands_alone=stands_alone,
    )


def copy_while_it_runs(
    run: Run, live: DiskCopy, make_volume: Callable[[], object], progress: Callable[[int, int], None]
) -> None:
    """Copy into a volume made anew, unless a worker that died has begun already: then go on with that."""
    if not live.is_running():
        run.check()
        make_volume()
        live.start()
    live.finish(progress)


def size_of(source: Instance) -> int:
    """How large its disk is, in bytes."""
    present = guests.pool_of(source).stat(source.disk_name)
    return present.capacity_bytes if present else 0
