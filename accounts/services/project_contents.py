"""Contents of a project, which must be deleted before it. Each app registers its kinds of contents."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

MOST = 3
"""Most names that a sentence lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A kind of contents. `names` returns the names of a project's contents of this kind.

    `forget` deletes rows that deleted contents left and that would block the project's deletion.
    """

    label: str | Promise
    names: Callable[[str], list[str]]
    forget: Callable[[str], object] | None = None


kinds: dict[str, Content] = {}


def register(key: str, kind: Content) -> None:
    """Register a kind; called once its app is ready."""
    kinds[key] = kind


def describe(project_id: str) -> str:
    """Return the contents for a person: "Instances: web, db. Networks: lab." Empty for an empty project."""
    contents = ((kind.label, kind.names(project_id)) for kind in kinds.values())
    return " ".join(f"{label}: {shorten(names)}." for label, names in contents if names)


def forget(project_id: str) -> None:
    """Delete rows that deleted contents left, just before the project is deleted."""
    for kind in kinds.values():
        if kind.forget is not None:
            kind.forget(project_id)


def shorten(names: list[str]) -> str:
    """Return the first names, and the number of the others."""
    first = ", ".join(names[:MOST])
    if len(names) <= MOST:
        return first
    return _("%(names)s and %(n)s more") % {"names": first, "n": len(names) - MOST}
