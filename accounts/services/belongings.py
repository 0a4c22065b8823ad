"""What other apps keep in projects. Accounts does not know what that is: they register it at start."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """Things of one kind. `names` gives those of a project that must go before it can.

    `forget` removes what is left of gone ones and would only be in the way.
    """

    label: str | Promise
    names: Callable[[str], list[str]]
    forget: Callable[[str], object] | None = None


kinds: dict[str, Belonging] = {}


def register(key: str, belonging: Belonging) -> None:
    """Make a kind known; called once an app is ready."""
    kinds[key] = belonging


def sentence(project_id: str) -> str:
    """What still lives in the project, for a person: "Instances: web, db. Networks: lab." Empty if nothing does."""
    found = ((kind.label, kind.names(project_id)) for kind in kinds.values())
    return " ".join(f"{label}: {few(names)}." for label, names in found if names)


def forget(project_id: str) -> None:
    """Remove the traces of what was deleted, just before the project itself goes."""
    for kind in kinds.values():
        if kind.forget is not None:
            kind.forget(project_id)


def few(names: list[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:SHOWN])
    if len(names) <= SHOWN:
        return shown
    return _("%(names)s and %(n)s more") % {"names": shown, "n": len(names) - SHOWN}
