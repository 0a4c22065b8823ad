"""One file a verb. Importing this package makes every action known to pages, APIs and the engine."""

from compute.engine.actions.base import Action, begin
from compute.engine.actions.registry import ACTIONS, Choice, choices
from compute.instances.actions import launch

__all__ = ["ACTIONS", "Action", "Choice", "begin", "choices", "launch"]
