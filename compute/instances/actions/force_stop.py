"""Force stop: pull the plug, whatever else is going on."""

from django.utils.translation import gettext_lazy as _

from compute.engine.actions.base import Action
from compute.instances.actions.steps import PowerOff


class ForceStop(Action):
    verb = "force_stop"
    label = _("Force stop")
    icon = "plug-x"
    danger = True
    confirm = _("This is like pulling the plug: what the guest has not yet saved is lost.")
    steps = (PowerOff(),)
