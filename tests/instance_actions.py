"""The actions of instances by their verbs, as the tables of tests walk them."""

from compute.engine.actions import registry
from compute.engine.actions.base import Action
from compute.engine.models import Operation
from compute.engine.moves import Move
from compute.instances.actions import launch  # noqa: F401 - an area's actions are known once Django is set up

ALL: dict[str, Action] = {
    action.verb: action for action in registry.actions().values() if action.noun == "instance"
}
"""Verb → action, with what begins in other ways than a click."""

ACTIONS: dict[str, Action] = {action.verb: action for action in registry.of_noun("instance")}
"""Verb → action, in the order of menus."""

MOVES: dict[str, Move] = {verb: action.move for verb, action in ALL.items() if action.move is not None}


def end(operation: Operation, how: str = Operation.State.SUCCEEDED) -> None:
    """End the operation as the engine does: its own row first, then its action's ending."""
    operation.state = how
    operation.save(update_fields=["state"])
    getattr(registry.actions()[operation.kind], how)(operation)
