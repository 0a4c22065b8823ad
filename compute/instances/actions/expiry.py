"""Set expiry: when an instance goes to the recycle bin by itself, unless somebody extends it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.actions.base import Action
from compute.instances.models import Instance
from compute.instances.services import expiry, transitions


class SetExpiry(Action):
    """Takes `expires_at` with `time_zone`, or `days` to extend by; neither: it never expires.

    For whoever launched the instance, and for managers of the project. A lock keeps no instance from expiring.
    """

    verb = "set_expiry"
    label = _("Expiry")
    icon = "calendar-time"
    bulk = False
    fields = ("expires_at", "time_zone", "days")
    asks = True

    def deed(self, context: Context, instance: Instance) -> str:
        mine = context.user.id == instance.user_id
        return "instance:set_expiry" if mine else "instance:set_expiry_of_others"

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        before = instance.expires_at
        moment = expiry.wanted(
            context,
            instance,
            parameters.get("expires_at"),
            parameters.get("time_zone"),
            parameters.get("days"),
        )
        transitions.change(instance, expires_at=moment, expiry_warned_at=None)
        return {
            "from": before.isoformat(timespec="seconds") if before else None,
            "to": moment.isoformat(timespec="seconds") if moment else None,
        }
