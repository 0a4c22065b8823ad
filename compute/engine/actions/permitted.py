"""Checks whether an action may begin, for menus and for `begin` alike."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, Forbidden, MeridianError
from compute.engine import kinds
from compute.engine.actions import registry
from compute.engine.actions.base import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One action for one row. `reason` tells why it is not allowed; empty if it is.

    `forbidden` is whether the role does not allow it, whatever the row's state. `effect` is the action that really
    runs, which asks and warns in its place.
    """

    action: Action
    allowed: bool
    reason: str
    effect: Action
    forbidden: bool


def refusal(context: Context, action: Action, row: Any) -> MeridianError | None:
    """Return why the action may not begin now; None if it may. Costs no query.

    The rule is checked first, so that a user without the role learns nothing of the row's state.
    """
    rule = action.rule(context, row)
    if not policy.allows(context, rule):
        return Forbidden.needing(policy.required_role(rule))
    if not action.opens_locks and (locked := action.kind.lock(context, row)):
        return Conflict(locked)
    target = action.redirect(row)
    state = kinds.state_of(row)
    if not (
        target.move.allows(state, row.task_state) if target.move else state in action.kind.existing_states
    ):
        return Conflict(_state_refusal(target, row))
    if blocker := target.blocker(row):
        return Conflict(blocker)
    return None


def choices(context: Context, row: Any) -> list[Choice]:
    """Return every action that applies to the row, with whether it may begin now. Costs no query."""
    actions = registry.of_noun(kinds.kind_of(row).noun)
    return [choice(context, row, action) for action in actions if action.applies(row)]


def choice(context: Context, row: Any, action: Action) -> Choice:
    """Return one action with whether it may begin now. Costs no query."""
    error = refusal(context, action, row)
    forbidden = isinstance(error, Forbidden)
    return Choice(
        action=action,
        allowed=error is None,
        reason=_("Your role does not allow this.") if forbidden else str(error or ""),
        effect=action.redirect(row),
        forbidden=forbidden,
    )


def _state_refusal(action: Action, row: Any) -> str:
    if row.task_state and action.move and kinds.state_of(row) in action.move.start:
        return _("Wait until “%(task)s” is done.") % {
            "task": registry.task_label(action.noun, row.task_state)
        }
    return _("Not possible in the state “%(status)s”.") % {"status": action.kind.status(row)}
