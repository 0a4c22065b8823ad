"""All actions, found in the areas' `actions` packages. Menus, routes, rules and tests follow from them."""

import importlib
import pkgutil
from collections.abc import Mapping

from django.utils.functional import Promise

from accounts import policy
from compute.engine.actions.base import Action
from compute.engine.operations import plans

_actions: dict[str, Action] = {}
_words: dict[tuple[str, str], str | Promise] = {}


def discover(package: str) -> None:
    """Register every action that the package's modules define. Each module is a file of one verb, or of a pair."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        register_module(f"{package}.{module.name}")


def register_module(name: str) -> None:
    """Register the actions that one module defines; those that it only imports are others'."""
    module = importlib.import_module(name)
    for found in vars(module).values():
        is_own = isinstance(found, type) and issubclass(found, Action) and found.__module__ == name
        if is_own and "verb" in vars(found):
            register(found())


def register(action: Action) -> None:
    """Make an action known to pages, APIs, policy and engine. Raise ValueError if its name is taken."""
    if action.name in _actions:
        raise ValueError(f"The action {action.name} is registered twice.")
    _actions[action.name] = plans[action.name] = action
    policy.register({f"{action.noun}:{action.verb}": action.role, **action.rules})
    if action.move and action.doing:
        _words.setdefault((action.noun, action.move.task), action.doing)


def actions() -> Mapping[str, Action]:
    """Return name → action."""
    return _actions


def find(name: str) -> Action | None:
    """Return the action called `noun.verb`; None when there is none."""
    return _actions.get(name)


def of_noun(noun: str) -> list[Action]:
    """Return the actions that people and clients may begin on a row of the noun, in the order of menus."""
    found = [action for action in _actions.values() if action.noun == noun and action.order]
    return sorted(found, key=lambda action: (action.order, action.verb))


def add_task_labels(noun: str, words: Mapping[str, str | Promise]) -> None:
    """Say in words what the tasks are called that steps announce."""
    _words.update({(noun, task): text for task, text in words.items()})


def task_label(noun: str, task_state: str) -> str:
    """Return what is shown while a task is at work."""
    return str(_words.get((noun, task_state), task_state))
