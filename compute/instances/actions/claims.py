"""The claim on a guest: only the newest claim of the newest operation may change it."""

from collections.abc import Callable

from compute.driver.errors import GuestBusy, GuestClaimed, GuestNotFound
from compute.driver.guest.domain import Guest
from compute.driver.guest.hotplug import Hotplug
from compute.engine.actions import registry
from compute.engine.operations import LeaseLost, Run, queue
from compute.instances.models import Instance
from compute.instances.services import guest_spec, guests


def claim_guest(run: Run, instance: Instance | None = None, *, write: bool = True) -> Guest:
    """Claim the guest of the run's instance and return it. Raise LeaseLost, Cancelled, Conflict without a host.

    The fence in the row is compared first, then the fence in the guest's tag. The tag also stops a worker that has
    lost the database. Without `write` the tag is only read, for guests whose QEMU may hang. `instance` is the run's,
    if it has just been read.
    """
    run.check()
    instance = instance or run.subject
    guest = guests.guest(instance)
    try:
        guest.claim(guest_spec.build_tag(instance, run.operation), write=write)
    except GuestNotFound:
        return guest
    except GuestClaimed as error:
        raise LeaseLost from error
    return guest


def revive(run: Run, undo: Callable[[Run], object]) -> None:
    """Undo what a step did to the running guest. Leave a stuck one as it is if it is powered off next."""
    try:
        undo(run)
    except GuestBusy:
        ending = [
            action.name for action in registry.of_noun("instance") if getattr(action, "powers_off", False)
        ]
        if not queue.waiting_behind(run.operation).on(run.subject.pk).filter(kind__in=ending).exists():
            raise


def claim_growth(run: Run) -> Hotplug:
    """Claim the running guest of the run's instance and return its growth. Raise as `claim_guest` does."""
    claim_guest(run)
    return guests.growth(run.subject)
