"""The base classes of the actions on instances and their snapshots."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute.engine.actions.base import Action
from compute.instances.models import Instance

POWER = gettext_lazy("Power")
SYSTEM = gettext_lazy("Size and system")
COPIES = gettext_lazy("Copies")
SETTINGS = gettext_lazy("Settings")
REMOVAL = gettext_lazy("Removal")


class InstanceAction(Action):
    noun: ClassVar[str] = "instance"
    group: ClassVar[str | Promise] = SETTINGS
    needs_guest: ClassVar[bool] = True
    """Whether its steps need a guest, so that it is impossible after a failed launch."""
    needs_own_disk: ClassVar[bool] = False
    """Whether it works on the root disk as the instance's own, so that it is impossible if that is a volume."""
    powers_off: ClassVar[bool] = False
    """Whether it powers the guest off, be it stuck. What waits to be undone before it need not revive the guest."""

    def applies(self, instance: Instance) -> bool:
        return not self._lacks_guest(instance)

    def blocker(self, instance: Instance) -> str:
        if self._lacks_guest(instance):
            return _("Its launch has failed, so there is no machine. Delete it and launch it again.")
        if self.needs_own_disk and instance.boots_from_volume:
            return _("It boots from a volume. Copy or replace the volume instead.")
        return ""

    def _lacks_guest(self, instance: Instance) -> bool:
        return bool(self.steps) and self.needs_guest and not instance.was_launched


class SnapshotOfInstanceAction(Action):
    noun: ClassVar[str] = "instance_snapshot"
    group: ClassVar[str | Promise] = SETTINGS
