"""All verbs on instances. Buttons, menus, routes, rules and tests follow from this list."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from compute.engine.actions.base import LOCKED, Action, is_locked, refusal
from compute.engine.actions.cancel import Cancel
from compute.engine.operations import plans
from compute.instances import states
from compute.instances.actions.clone import Clone, LaunchClone
from compute.instances.actions.delete import Delete
from compute.instances.actions.describe import Describe
from compute.instances.actions.expiry import SetExpiry
from compute.instances.actions.force_stop import ForceStop
from compute.instances.actions.grow import Grow
from compute.instances.actions.labels import SetAccess, SetMetadata, SetTags
from compute.instances.actions.launch import Launch
from compute.instances.actions.lock import Lock, Unlock
from compute.instances.actions.pause import Pause, Unpause
from compute.instances.actions.purge import Purge
from compute.instances.actions.reboot import ForceReboot, Reboot
from compute.instances.actions.rebuild import Rebuild
from compute.instances.actions.rename import Rename
from compute.instances.actions.rescue import Rescue
from compute.instances.actions.reset_state import ResetState
from compute.instances.actions.resize import ConfirmResize, Resize, RevertResize
from compute.instances.actions.restore import Restore
from compute.instances.actions.set_password import SetPassword
from compute.instances.actions.shelve import Shelve, Unshelve
from compute.instances.actions.start import Start
from compute.instances.actions.stop import Stop
from compute.instances.actions.suspend import Resume, Suspend
from compute.instances.actions.take_image import TakeImage
from compute.instances.actions.unrescue import Unrescue
from compute.instances.models import Instance

ACTIONS: dict[str, Action] = {
    action.verb: action
    for action in (
        Start(),
        Stop(),
        Reboot(),
        ForceReboot(),
        ForceStop(),
        Pause(),
        Unpause(),
        Suspend(),
        Resume(),
        Shelve(),
        Unshelve(),
        Grow(),
        Resize(),
        ConfirmResize(),
        RevertResize(),
        Rescue(),
        Unrescue(),
        Rebuild(),
        Clone(),
        TakeImage(),
        SetPassword(),
        Rename(),
        Describe(),
        SetExpiry(),
        Lock(),
        Unlock(),
        SetMetadata(),
        SetTags(),
        SetAccess(),
        ResetState(),
        Cancel(),
        Delete(),
        Restore(),
        Purge(),
    )
}
"""Verb → action, in the order in which menus show them."""

plans.update(ACTIONS)
plans[Launch.verb] = Launch()
plans[LaunchClone.verb] = LaunchClone()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One action as offered for one instance; `reason` says why it is not allowed."""

    action: Action
    allowed: bool
    reason: str


def choices(context: Context, instance: Instance) -> list[Choice]:
    """Every action with whether it may begin now. Costs no query."""
    return [choice(context, instance, action) for action in ACTIONS.values() if action.applies(instance)]


def choice(context: Context, instance: Instance, action: Action) -> Choice:
    """One action with whether it may begin now. Costs no query."""
    if not policy.allows(context, action.deed(context, instance)):
        return Choice(action=action, allowed=False, reason=_("Your role does not allow this."))
    if is_locked(context, action, instance):
        return Choice(action=action, allowed=False, reason=str(LOCKED))
    if not states.allowed(action.instead(instance).verb, instance.vm_state, instance.task_state):
        return Choice(action=action, allowed=False, reason=refusal(action, instance))
    if hindrance := action.hindrance(instance):
        return Choice(action=action, allowed=False, reason=hindrance)
    return Choice(action=action, allowed=True, reason="")
