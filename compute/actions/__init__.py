"""One file a verb. Importing this package makes every action known to pages, APIs and the engine."""

from compute.actions import launch
from compute.actions.base import Action, begin
from compute.actions.registry import ACTIONS, Choice, choices

__all__ = ["ACTIONS", "Action", "Choice", "begin", "choices", "launch"]
