"""The last wall before a guest: only the newest claim of the newest operation touches it."""

from compute.driver.errors import GuestClaimed, GuestNotFound
from compute.driver.guest.domain import Guest
from compute.driver.guest.hotplug import Hotplug
from compute.engine.operations import LeaseLost, Run
from compute.instances.services import guest_spec, guests


def claimed(run: Run, *, write: bool = True) -> Guest:
    """Return the guest of the run's instance, to change it. Raise LeaseLost, Cancelled, Conflict without a host.

    The fence in the row is compared first, the one in the guest's own tag second: it also holds back a worker that
    the database cannot reach. Without `write` the tag is only read, for guests whose QEMU may be stuck.
    """
    run.check()
    instance = run.subject
    guest = guests.guest(instance)
    try:
        guest.claim(guest_spec.tag(instance, run.operation), write=write)
    except GuestNotFound:
        return guest
    except GuestClaimed as error:
        raise LeaseLost from error
    return guest


def claimed_growth(run: Run) -> Hotplug:
    """Return the running guest of the run's instance, to give it more. Raise as `claimed` does."""
    claimed(run)
    return guests.growth(run.subject)
