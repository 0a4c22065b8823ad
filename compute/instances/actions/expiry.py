"""Set expiry: the time at which an instance moves to the recycle bin by itself."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.context import Context
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.models import Instance
from compute.instances.services import expiry


class SetExpiry(InstanceAction):
    """Set the expiry. Takes `expires_at` with `time_zone`, or `days` to extend by; without both it never expires.

    The user who launched the instance and managers of the project may. A locked instance expires as well.
    """

    verb = "set_expiry"
    label = _("Expiry")
    done = _("Changed the expiry of %(name)s")
    icon = "calendar-time"
    order = 240
    intro = _(
        "At that time it goes to the recycle bin by itself, even when it is locked. A day before, its page says so "
        "and whoever launched it gets a mail, where mail is set up."
    )
    submit = _("Save")
    rules = {"instance:set_expiry_of_others": "manager", "instance:set_expiry_freely": "admin"}
    bulk = False
    fields = ("expires_at", "time_zone", "days")
    asks = True

    def rule(self, context: Context, instance: Instance) -> str:
        is_own = context.user.id == instance.user_id
        return "instance:set_expiry" if is_own else "instance:set_expiry_of_others"

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        before = instance.expires_at
        moment = expiry.parse(
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
