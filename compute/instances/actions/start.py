"""Start: power on."""

from django.utils.translation import gettext_lazy as _

from compute.engine.actions.base import Action
from compute.instances.actions.steps import Define, PowerOn, ReserveAddresses


class Start(Action):
    """Describes the guest anew first, so that changed rows and a lost definition are both healed."""

    verb = "start"
    label = _("Start")
    icon = "player-play"
    steps = (ReserveAddresses(), Define(), PowerOn())
