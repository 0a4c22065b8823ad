"""Menus of actions: what can be done now, in groups; then what cannot, said once for each reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.utils.functional import Promise

from compute.engine.actions.permitted import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Neighbours in the menu, below a heading."""

    label: str | Promise
    choices: list[Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionMenu:
    """`impossible` are pairs of the labels of actions, and the reason that all of them have."""

    groups: list[Group]
    impossible: list[tuple[str, str]]


def action_menu(choices: Iterable[Choice]) -> ActionMenu:
    """Return the menu of these choices, without what the role does not allow and what pages edit in place."""
    possible = [choice for choice in choices if not choice.forbidden and not choice.action.in_place]
    allowed = [choice for choice in possible if choice.allowed]
    groups = [
        Group(label=label, choices=list(neighbours))
        for label, neighbours in groupby(allowed, key=lambda choice: choice.action.group)
    ]
    refused = [(str(choice.action.label), choice.reason) for choice in possible if not choice.allowed]
    return ActionMenu(groups=groups, impossible=by_reason(refused))


def by_reason(refused: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return each reason once, with the labels of all that have it, of pairs of one label and its reason."""
    labels: dict[str, list[str]] = {}
    for label, reason in refused:
        labels.setdefault(reason, []).append(label)
    return [(", ".join(names), reason) for reason, names in labels.items()]
