"""Lock and unlock: protect an instance from changes by mistake, at once."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import policy
from accounts.context import Context
from accounts.openstack.contract import by_version
from accounts.openstack.schema import ANY, Schema, nullable, object_of, text
from accounts.services import inputs
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.models import Instance

_REASON: Schema = nullable(object_of(optional={"locked_reason": nullable(text(255))}))


class Lock(InstanceAction):
    """Lock the instance. Takes `reason`. All but administrators must unlock it before they change it.

    As in Nova, a lock stays as it is when somebody without that right locks again.
    """

    verb = "lock"
    label = _("Lock")
    done = _("Locked %(name)s")
    undo = "unlock"
    icon = "lock"
    order = 250
    api_name = "lock"
    api_body = by_version(lambda minor: _REASON if minor >= 73 else ANY, 73)
    opens_locks = True

    def applies(self, instance: Instance) -> bool:
        return not instance.locked

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        if instance.locked and not policy.allows(context, "instance:override_lock"):
            return {}
        reason = inputs.text(parameters, "reason", longest=255)
        transitions.change(instance, locked=True, locked_reason=reason)
        return {}


class Unlock(InstanceAction):
    verb = "unlock"
    label = _("Unlock")
    done = _("Unlocked %(name)s")
    undo = "lock"
    icon = "lock-open"
    order = 260
    rules = {"instance:override_lock": "admin"}
    api_name = "unlock"
    opens_locks = True

    def applies(self, instance: Instance) -> bool:
        return instance.locked

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        transitions.change(instance, locked=False, locked_reason="")
        return {}
