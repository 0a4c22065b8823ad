"""Makes values from JSON Schemas: a good one, and from it wrong ones in every place."""

from collections.abc import Iterator
from typing import Any

from accounts.openstack.schema import Schema

Path = tuple[str | int, ...]


def good(schema: Schema) -> Any:
    """Return a value with every property; its meaning is another matter."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return good(schema["anyOf"][0])
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        properties = {name: good(inner) for name, inner in schema.get("properties", {}).items()}
        return dict(list(properties.items())[: schema.get("maxProperties", len(properties))])
    if kind == "array":
        return [good(schema.get("items", {}))]
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    return {"boolean": True, "null": None}.get(kind, _text(schema))


def _text(schema: Schema) -> str:
    formats = {
        "uuid": "5f0d5a53-7d2c-4b4f-9f3e-0b6ab2f0a7c1",
        "time": "2030-01-31T12:00:00",
        "base64": "YQ==",
    }
    return formats.get(schema.get("format", ""), "1")


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of the value and of everything in it."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def changed(value: Any, path: Path, to: Any) -> Any:
    """Return a copy with another value in one place."""
    if not path:
        return to
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], to)
    return copy
