"""Changes to an image as clients write them: JSON Patch, in Glance's form and in its older one (Image API, v2.1, v2.0)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import BadInput, Conflict, Forbidden
from compute.images.services.image_fields import FIELDS, READ_ONLY

OPERATIONS = ("add", "replace", "remove")


@dataclass(slots=True, kw_only=True)
class Changes:
    """The fields to set, and the free properties that the image then has."""

    fields: dict[str, Any]
    properties: dict[str, Any]


def read(document: list[dict[str, Any]], present: Mapping[str, str], filled: Mapping[str, bool]) -> Changes:
    """Return the changes that the document asks for. `present` are the image's free properties.

    `filled` says which of the fields that count as properties have a value. Raise BadInput, Conflict, Forbidden.
    """
    changes = Changes(fields={}, properties=dict(present))
    for operation, name, value in _steps(document):
        if name in READ_ONLY or name == "id":
            raise Forbidden(_("%(field)s cannot be changed.") % {"field": name})
        if name in FIELDS:
            _change_field(changes, operation, name, value, has_value=filled.get(name, True))
            continue
        if operation != "add" and name not in changes.properties:
            raise Conflict(_("The image has no property %(name)s.") % {"name": name})
        if operation == "remove":
            del changes.properties[name]
        else:
            changes.properties[name] = value
    return changes


def _change_field(changes: Changes, operation: str, name: str, value: Any, *, has_value: bool) -> None:
    field = FIELDS[name]
    if operation == "remove":
        if not field.removable:
            raise Forbidden(_("%(field)s cannot be removed.") % {"field": name})
        if not has_value:
            raise Conflict(_("The image has no property %(name)s.") % {"name": name})
        value = field.removed
    changes.fields[name] = value


def _steps(document: list[dict[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """Yield operation, name and value of each change."""
    for number, change in enumerate(document, 1):
        if "op" in change:
            operation, path = change["op"], change.get("path")
        else:  # as in version 2.0 of the media type: {"replace": "/name", "value": …}
            operation = next((name for name in OPERATIONS if name in change), None)
            path = change.get(str(operation))
        if operation not in OPERATIONS:
            raise BadInput(
                _("Change %(number)s must be one of %(choices)s.")
                % {"number": number, "choices": ", ".join(OPERATIONS)}
            )
        if operation != "remove" and "value" not in change:
            raise BadInput(_("Change %(number)s has no value.") % {"number": number})
        yield operation, _name(path, number), change.get("value")


def _name(path: object, number: int) -> str:
    """Return the field that a JSON Pointer of one part means (RFC 6901)."""
    if not isinstance(path, str) or not path.startswith("/") or len(path) < 2 or "/" in path[1:]:
        raise BadInput(
            _("Change %(number)s has no path such as /name.") % {"number": number}, fields={"path": ""}
        )
    return path[1:].replace("~1", "/").replace("~0", "~")
