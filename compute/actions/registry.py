"""All verbs on instances. Buttons, menus, routes, rules and tests follow from this list."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from compute import states
from compute.actions.base import LOCKED, Action, is_locked, refusal
from compute.actions.cancel import Cancel
from compute.actions.clone import Clone, LaunchClone
from compute.actions.delete import Delete
from compute.actions.describe import Describe
from compute.actions.expiry import SetExpiry
from compute.actions.force_stop import ForceStop
from compute.actions.grow import Grow
from compute.actions.labels import SetAccess, SetMetadata, SetTags
from compute.actions.launch import Launch
from compute.actions.lock import Lock, Unlock
from compute.actions.pause import Pause, Unpause
from compute.actions.purge import Purge
from compute.actions.reboot import ForceReboot, Reboot
from compute.actions.rebuild import Rebuild
from compute.actions.rename import Rename
from compute.actions.rescue import Rescue
from compute.actions.reset_state import ResetState
from compute.actions.resize import ConfirmResize, Resize, RevertResize
from compute.actions.restore import Restore
from compute.actions.set_password import SetPassword
from compute.actions.shelve import Shelve, Unshelve
from compute.actions.start import Start
from compute.actions.stop import Stop
from compute.actions.suspend import Resume, Suspend
from compute.actions.take_image import TakeImage
from compute.actions.unrescue import Unrescue
from compute.models import Instance
from compute.operations import plans

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
