"""Building blocks of the JSON Schemas of requests and answers.

OpenStack's requests are more lenient than its answers: numbers and flags may be text. `x-error` holds a sentence for
people if the schema's own keywords say too little. In `anyOf` the usual alternative stands first: one that does not fit
takes several times as long to check as one that does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise

from accounts.names import Segment

Schema = dict[str, Any]
Properties = Mapping[str, Schema]

ANY: Schema = {}
FLAG: Schema = {"type": ["boolean", "string", "integer"], "format": "flag"}
BOOLEAN: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
STRING: Schema = {"type": "string"}
TEXT: Schema = {"type": "string", "format": "text"}
OBJECT: Schema = {"type": "object"}
NULL: Schema = {"type": "null"}
UUID: Schema = {"type": "string", "format": "uuid"}
TIME: Schema = {"type": "string", "format": "time"}
EMPTY: Schema = {"const": ""}
SET: Schema = {"anyOf": [FLAG, EMPTY]}
"""A flag of a query string, which is set also without a value."""
SECONDS: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
MICROSECONDS: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"}
WITHOUT_ZONE: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$"}


def text(longest: int = 255, shortest: int = 0) -> Schema:
    """Return the schema of a request's text, which a database can store."""
    schema: Schema = TEXT | {"maxLength": longest}
    return schema | ({"minLength": shortest} if shortest else {})


NAME: Schema = text(255, 1)


def whole(least: int | None = None, most: int | None = None) -> Schema:
    """Return the schema of a whole number, which may be text."""
    schema: Schema = {"type": ["integer", "string"], "format": "whole"}
    bounds = {"minimum": least, "maximum": most}
    return schema | {name: bound for name, bound in bounds.items() if bound is not None}


def integer(least: int) -> Schema:
    return {"type": "integer", "minimum": least}


def one_of(*values: Any) -> Schema:
    return {"enum": list(values)}


def nullable(schema: Schema) -> Schema:
    """Return the schema of the same value or null."""
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    if isinstance(kind := schema.get("type"), str | list):
        return schema | {"type": [*([kind] if isinstance(kind, str) else kind), "null"]}
    return {"anyOf": [schema, NULL]}


def list_of(items: Schema, *, least: int = 0, most: int | None = None) -> Schema:
    schema: Schema = {"type": "array", "items": items}
    if least:
        schema["minItems"] = least
    return schema if most is None else schema | {"maxItems": most}


def segment(names: Segment) -> Schema:
    """Return the schema of a name that stands in addresses."""
    return explained(text(255, 1) | {"pattern": names.pattern}, names.sentence)


def map_of(values: Schema, *, keys: Segment | None = None, most: int | None = None) -> Schema:
    """Return the schema of an object, with any keys of 1 to 255 characters unless `keys` says which."""
    names = segment(keys) if keys else text(255, 1)
    schema: Schema = {"type": "object", "propertyNames": names, "additionalProperties": values}
    return schema if most is None else schema | {"maxProperties": most}


def object_of(
    required: Properties | None = None, optional: Properties | None = None, *, others: bool | Schema = False
) -> Schema:
    """Return the schema of an object. `others` says whether it may have other properties, or is their schema."""
    required, optional = required or {}, optional or {}
    schema: Schema = {
        "type": "object",
        "properties": {**required, **optional},
        "additionalProperties": others,
    }
    return schema | ({"required": list(required)} if required else {})


def query_of(*parts: Properties, **more: Schema) -> Schema:
    """Return the schema of a query string; unknown parameters are ignored."""
    properties = {name: schema for part in parts for name, schema in part.items()} | more
    return {"type": "object", "properties": properties, "additionalProperties": True}


def extended(
    schema: Schema, required: Properties | None = None, optional: Properties | None = None
) -> Schema:
    """Return the schema of the same object with further or changed properties."""
    names = [*schema.get("required", ()), *(required or ())]
    changed = schema | {"properties": schema["properties"] | dict(required or {}) | dict(optional or {})}
    return changed | ({"required": list(dict.fromkeys(names))} if names else {})


def without(schema: Schema, names: Iterable[str]) -> Schema:
    """Return the schema of the same object without some properties."""
    removed = set(names)
    reduced = schema | {
        "properties": {name: inner for name, inner in schema["properties"].items() if name not in removed}
    }
    if "required" in schema:
        reduced["required"] = [name for name in schema["required"] if name not in removed]
    return reduced


def explained(schema: Schema, sentence: str | Promise) -> Schema:
    """Return the schema with the sentence for people whose value is invalid."""
    return schema | {"x-error": sentence}
