"""The actions of volumes by their verbs, as the tables of tests walk them."""

from compute.engine.actions import registry
from compute.engine.actions.base import Action
from compute.volumes.actions import create  # noqa: F401 - an area's actions are known once Django is set up

ACTIONS: dict[str, Action] = {action.verb: action for action in registry.of_noun("volume")}
"""Verb → action, in the order of menus."""
