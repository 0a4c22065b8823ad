"""Schemas of `/servers/{id}/action`. The schema of each action's body stands in the action."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from accounts.openstack.contract import Described, Versioned, at, by_version
from accounts.openstack.microversions import Version
from accounts.openstack.schema import (
    OBJECT,
    STRING,
    UUID,
    Schema,
    explained,
    extended,
    nullable,
    object_of,
    one_of,
    whole,
)
from compute.engine.actions.base import Action
from compute.instances.actions.take_image import BACKUP
from compute.instances.api.schemas.servers import STEPS, changed

_CONSOLES: dict[str, Described] = {
    "os-getConsoleOutput": nullable(object_of(optional={"length": nullable(whole(-1))})),
    "os-getVNCConsole": object_of({"type": explained(one_of("novnc"), _("There is only novnc."))}),
}
"""Nova's actions that only read."""


@lru_cache(1)
def body(actions: tuple[Action, ...]) -> Versioned:
    """Return the schema of a request, whose properties are the actions that have parameters."""
    described = {action.api_name: action.api_body for action in actions if action.api_body is not None}
    described |= {"createBackup": BACKUP, **_CONSOLES}

    def build(minor: int) -> Schema:
        version = Version(2, minor)
        bodies = {
            name: schema for name in sorted(described) if (schema := at(described[name], version)) is not None
        }
        schema = object_of(optional=bodies, others=True) | {"minProperties": 1, "maxProperties": 1}
        return explained(schema, _("Name exactly one action."))

    return by_version(build, *sorted(set(_steps(described.values()))))


def _steps(described: Iterable[Described]) -> Iterator[int]:
    """Yield the minor versions after the first that change a schema."""
    for value in described:
        if isinstance(value, Versioned):
            yield from (since for since, _until, _schema in value.ranges if since > 1)


def _answers(minor: int) -> Schema:
    """Return the schema of a 202 answer that has a body."""
    rebuilt = extended(changed(minor), {"adminPass": STRING})
    if minor >= 54:
        rebuilt = extended(rebuilt, {"key_name": nullable(STRING)})
    if minor >= 57:
        rebuilt = extended(rebuilt, {"user_data": nullable(STRING)})
    return {"anyOf": [object_of({"image_id": UUID}), object_of({"server": rebuilt})]}


BEGUN = by_version(_answers, *sorted({*STEPS, 54, 57}))
DONE: Schema = {
    "anyOf": [
        object_of({"adminPass": STRING}),
        object_of({"output": STRING}),
        object_of({"console": object_of({"type": STRING, "url": STRING})}),
        OBJECT | {"maxProperties": 0},
    ]
}
