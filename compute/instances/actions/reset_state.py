"""Reset state: an administrator corrects an instance's state, at once and from any state."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.errors import BadInput
from accounts.openstack.schema import object_of, one_of
from compute.engine.services import transitions
from compute.instances.actions.base import InstanceAction
from compute.instances.models import Instance
from compute.instances.states import VmState

STATES = {"active": VmState.ACTIVE, "error": VmState.ERROR}


class ResetState(InstanceAction):
    """Set the state. Takes `state`: active or error. A running operation may change it again, as in Nova."""

    verb = "reset_state"
    label = gettext_lazy("Reset the state")
    icon = "tool"
    order = 300
    role = "admin"
    api_name = "os-resetState"
    api_body = object_of({"state": one_of(*STATES)})
    bulk = False

    def applies(self, instance: Instance) -> bool:
        return False

    def prepare(self, context: Context, instance: Instance, parameters: dict[str, Any]) -> dict[str, Any]:
        state = STATES.get(str(parameters.get("state")))
        if state is None:
            raise BadInput(fields={"state": _("Say active or error.")})
        before = instance.vm_state
        transitions.change(instance, vm_state=state, task_state=None)
        return {"from": before, "to": state}
