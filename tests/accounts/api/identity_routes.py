"""Every route and method of the Identity API, read from its URL configuration."""

from dataclasses import dataclass
from typing import Any

from django.utils.regex_helper import normalize

from accounts.api import discovery
from accounts.api.urls import urlpatterns

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Call:
    """One method of one route; `path` has the names of its arguments in braces."""

    name: str
    method: str
    path: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.name}"

    def to(self, **given: str) -> str:
        """The address with these arguments."""
        return self.path.format(**{name: given.get(name, "unknown") for name in self.arguments})


def calls() -> list[Call]:
    """All of them, but the one for addresses that there are not."""
    found = []
    for pattern in urlpatterns:
        view: Any = pattern.callback.cls
        if view is discovery.Unknown:
            continue
        path, arguments = _path(pattern)
        found += [
            Call(str(pattern.name), method.upper(), path, arguments)
            for method in METHODS
            if hasattr(view, method)
        ]
    return found


def _path(pattern: Any) -> tuple[str, tuple[str, ...]]:
    form, arguments = normalize(pattern.pattern.regex.pattern)[0]
    path = form
    for name in arguments:
        path = path.replace(f"%({name})s", f"{{{name}}}")
    return f"/identity/{path}", tuple(arguments)
