"""Shelve and unshelve: give processors and memory back to the host, keep the disk and the address.

The disk stays in its host's pool, so nothing is copied either way; an unshelved instance comes back there.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.actions.base import Action
from compute.actions.steps import (
    Define,
    ForgetGuest,
    PowerOff,
    PowerOn,
    ReserveAddresses,
    make_anew,
    power_before,
)
from compute.actions.stop import ShutDown
from compute.models import Instance, Operation
from compute.operations import Run
from compute.services import scheduler, transitions
from compute.states import VmState


class LayDown(ShutDown):
    """Shut down; undone last, it leaves the machine as it was."""

    def undo(self, run: Run) -> None:
        make_anew(run)


class Shelve(Action):
    verb = "shelve"
    label = _("Shelve")
    icon = "archive"
    confirm = _("It is shut down and gives processors and memory back. Its disk and address are kept.")
    cancellable = True
    steps = (LayDown(), PowerOff(), ForgetGuest())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        transitions.change(instance, restore_to=power_before(instance))
        return {}

    def undone_state(self, operation: Operation, instance: Instance) -> VmState | None:
        """What was paused or suspended runs afterwards: its memory was given up."""
        return VmState(instance.restore_to) if operation.timeline else None


class Unshelve(Action):
    verb = "unshelve"
    label = _("Unshelve")
    icon = "archive-off"
    steps = (ReserveAddresses(), Define(), PowerOn())

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        """Its disk is on one host, which must have room for the rest. Raises Conflict."""
        scheduler.check(instance)
        return {}
