"""The registry of actions. Menus, routes, rules and tests follow from it."""

import importlib
import pkgutil
from collections.abc import Mapping

from django.utils.functional import Promise

from accounts import policy
from compute.engine.actions.base import Action
from compute.engine.operations import plans

_actions: dict[str, Action] = {}
_task_labels: dict[tuple[str, str], str | Promise] = {}


def discover(package: str) -> None:
    """Register the actions of all modules of a package. Each module defines one verb, or a pair."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        register_module(f"{package}.{module.name}")


def register_module(name: str) -> None:
    """Register the actions that one module defines, without those that it imports."""
    module = importlib.import_module(name)
    for value in vars(module).values():
        is_own = isinstance(value, type) and issubclass(value, Action) and value.__module__ == name
        if is_own and "verb" in vars(value):
            register(value())


def register(action: Action) -> None:
    """Register an action for pages, APIs, policy and engine. Raise ValueError if its name is taken."""
    if action.name in _actions:
        raise ValueError(f"The action {action.name} is registered twice.")
    _actions[action.name] = plans[action.name] = action
    policy.register({f"{action.noun}:{action.verb}": action.role, **action.rules})
    if action.move and action.doing:
        _task_labels.setdefault((action.noun, action.move.task), action.doing)


def actions() -> Mapping[str, Action]:
    """Return {name: action} of all actions."""
    return _actions


def find(name: str) -> Action | None:
    """Return the action called `noun.verb`; None if there is none."""
    return _actions.get(name)


def of_noun(noun: str) -> list[Action]:
    """Return the actions that people and clients may begin on a row of the noun, in the order of menus."""
    in_menus = [action for action in _actions.values() if action.noun == noun and action.order]
    return sorted(in_menus, key=lambda action: (action.order, action.verb))


def add_task_labels(noun: str, labels: Mapping[str, str | Promise]) -> None:
    """Add the labels of tasks that steps announce, as {task: label}."""
    _task_labels.update({(noun, task): label for task, label in labels.items()})


def task_label(noun: str, task_state: str) -> str:
    """Return the label of a task, for pages."""
    return str(_task_labels.get((noun, task_state), task_state))
