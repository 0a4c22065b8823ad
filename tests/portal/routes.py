"""Every route of the pages, read from the URL configuration, so that a new one is covered by itself."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver

from compute.engine.actions.base import Action
from portal.apis import PREFIXES
from tests.instance_actions import ACTIONS
from tests.volume_actions import ACTIONS as VOLUME_ACTIONS

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
BY_UUID = {
    "image_id",
    "volume_id",
    "volume_type_id",
    "snapshot_id",
    "instance_snapshot_id",
    "backup_id",
    "pool_id",
    "qos_id",
}
"""Arguments whose routes take nothing but a UUID."""


@dataclass(frozen=True, slots=True)
class Route:
    """A named route and the arguments it takes."""

    name: str
    arguments: tuple[str, ...]
    view: object

    def __str__(self) -> str:
        return self.name

    @property
    def takes_forms_only(self) -> bool:
        """Whether it answers nothing but POST, as its view says of itself."""
        return _methods(self.view) == {"POST"}


def routes() -> list[Route]:
    """All routes but those of websockets and APIs, which have tables of their own."""
    return [
        Route(str(pattern.name), tuple(pattern.pattern.converters), pattern.callback)
        for pattern in _patterns()
    ]


def of_instances() -> list[Route]:
    """Routes below one instance."""
    return [route for route in routes() if "instance_id" in route.arguments]


def of_volumes() -> list[Route]:
    """Routes below one volume."""
    return [route for route in routes() if "volume_id" in route.arguments]


def verbs_of(route: Route) -> Mapping[str, Action]:
    """The actions that the route takes by their verbs."""
    return VOLUME_ACTIONS if route.name.startswith("volume") else ACTIONS


def arguments(route: Route, **given: str) -> list[dict[str, str]]:
    """Arguments to call the route with: `given`, and every verb there is."""
    base = {name: given.get(name, UNKNOWN_ID if name in BY_UUID else "unknown") for name in route.arguments}
    return [base | {"verb": verb} for verb in verbs_of(route)] if "verb" in route.arguments else [base]


def without_numbers(body: bytes) -> bytes:
    """Request ids, nonces, tokens and times differ from answer to answer."""
    token = rb'csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken": "[^"]*"'
    return re.sub(rb'req-[0-9a-f-]{36}|nonce="[^"]*"|data-live="[^"]*"|' + token, b"", body)


def _methods(view: Any) -> set[str]:
    """Return the methods of a view below `require_http_methods`; none for one that looks for itself."""
    while view is not None:
        if inspect.isfunction(view):
            named = inspect.getclosurevars(view).nonlocals.get("request_method_list")
            if named is not None:
                return set(named)
        view = getattr(view, "__wrapped__", None)
    return set()


def _patterns() -> Iterator[URLPattern]:
    for pattern in get_resolver().url_patterns:
        address = f"/{pattern.pattern}"
        if address.rstrip("/") in PREFIXES:
            continue
        assert isinstance(pattern, URLPattern), f"{address} nests routes; teach this module to walk them"
        yield pattern
