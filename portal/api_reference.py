"""What a call takes and answers, for people: read from the schemas by which it is checked."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.openstack import schema as schemas
from accounts.openstack.contract import Described, Versioned
from accounts.openstack.microversions import HEADER
from accounts.openstack.schema import Schema
from portal.api_calls import Operation

KINDS: dict[str, str | Promise] = {
    "string": gettext_lazy("text"),
    "integer": gettext_lazy("whole number"),
    "number": gettext_lazy("number"),
    "boolean": gettext_lazy("true or false"),
    "object": gettext_lazy("object"),
    "array": gettext_lazy("list"),
    "flag": gettext_lazy("true or false"),
    "whole": gettext_lazy("whole number"),
    "uuid": gettext_lazy("UUID"),
    "time": gettext_lazy("time"),
    "base64": gettext_lazy("text in base64"),
}
"""{JSON type or format: what people call it}."""

DEEPEST = 5
IN_PATH, IN_QUERY, IN_BODY = "path", "query", "body"
MOMENT = "2030-01-31T12:00:00"
TEXTS: dict[str, str] = {
    "uuid": "5f0d5a53-7d2c-4b4f-9f3e-0b6ab2f0a7c1",
    "time": MOMENT,
    "base64": "I2Nsb3VkLWNvbmZpZwp7fQo=",
    "ipv4-or-empty": "192.0.2.10",
    "ipv6-or-empty": "2001:db8::10",
    str(schemas.SECONDS["pattern"]): f"{MOMENT}Z",
    str(schemas.MICROSECONDS["pattern"]): f"{MOMENT}.000000Z",
    str(schemas.WITHOUT_ZONE["pattern"]): f"{MOMENT}.000000",
}
"""{format or pattern: an example}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value that a call takes: its name, dotted in a body, `place` and kind. `rules` are short phrases."""

    name: str
    place: str
    kind: str
    required: bool
    rules: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status with its phrase, and an example of the body; empty if there is none."""

    status: int
    phrase: str
    example: str


def parameters(operation: Operation) -> list[Parameter]:
    """Return all that the call takes, those of every microversion."""
    rows = [
        Parameter(
            name=name,
            place=IN_PATH,
            kind=str(KINDS["string"]),
            required=True,
            rules=[_one_of(operation.choices[name])] if name in operation.choices else [],
        )
        for name in operation.arguments
    ]
    contract = operation.contract
    rows += _by_version(contract.query, IN_QUERY)
    rows += _by_version(contract.body, IN_BODY)
    return rows


def request_example(operation: Operation) -> str:
    """Return a curl command that makes the call."""
    path = operation.path
    for name in operation.arguments:
        path = path.replace(f"{{{name}}}", operation.choices.get(name, [name.upper()])[0])
    lines = [
        f"curl {_METHOD.get(operation.method, f'-X {operation.method.upper()} ')}'{settings.PUBLIC_URL}{path}'"
    ]
    if operation.needs_token:
        lines.append('-H "X-Auth-Token: $TOKEN"')
    if versions := operation.view.api.microversions:
        lines.append(f"-H '{HEADER}: {versions.service} {versions.newest}'")
    if (body := newest(operation.contract.body)) is not None:
        text = _json(example(body, whole=False)).replace("'", r"'\''")
        lines += ["-H 'Content-Type: application/json'", f"-d '{text}'"]
    return " \\\n  ".join(lines)


_METHOD = {"get": "", "head": "--head "}


def answers(operation: Operation) -> list[Answer]:
    """Return the answers to what is done; errors are alike for all calls of an API."""
    return [
        Answer(
            status=status,
            phrase=HTTPStatus(status).phrase,
            example=""
            if (schema := newest(described)) is None or operation.method == "head"
            else _json(example(schema)),
        )
        for status, described in operation.contract.answers.items()
    ]


def newest(described: Described | None) -> Schema | None:
    """Return the schema of the newest microversion, or None."""
    return described.ranges[-1][2] if isinstance(described, Versioned) else described


def example(schema: Schema, name: str = "", *, whole: bool = True) -> Any:
    """Return a value that the schema allows. Unless it is `whole`, objects have no more than they must have, if any."""
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return next((value for value in schema["enum"] if value), schema["enum"][0])
    if "anyOf" in schema:
        return example(schema["anyOf"][0], name, whole=whole)
    if _types(schema) == ["null"]:
        return None
    kind = _type(schema)
    if kind == "object":
        properties = {
            key: inner for key, inner in schema.get("properties", {}).items() if not _is_unsupported(inner)
        }
        if not whole and (required := schema.get("required")):
            properties = {key: properties[key] for key in required}
        most = schema.get("maxProperties", len(properties))
        if not properties and most != 0 and isinstance(values := schema.get("additionalProperties"), Mapping):
            return {"key": example(dict(values), "value", whole=whole)}
        return {key: example(inner, key, whole=whole) for key, inner in list(properties.items())[:most]}
    if kind == "array":
        return [example(schema.get("items", {}), name.removesuffix("s"), whole=whole)]
    if kind in {"integer", "number"} or schema.get("format") == "whole":
        return schema.get("minimum", 1) or 1
    return True if kind == "boolean" else _text(schema, name)


def _text(schema: Schema, name: str) -> str:
    for rule in (schema.get("format", ""), schema.get("pattern", "")):
        if rule in TEXTS:
            return TEXTS[rule]
    if name in {"id", "uuid"} or name.endswith(("_id", "Ref")):
        return TEXTS["uuid"]
    if "href" in name or name.endswith("url"):
        return f"{settings.PUBLIC_URL}/"
    return {"name": "web-1", "description": "A web server", "status": "ACTIVE", "rel": "self"}.get(
        name, "text"
    )


def _by_version(described: Described | None, place: str) -> Iterator[Parameter]:
    """Yield the parameters of all microversions, each as in the newest that has it."""
    ranges = (
        described.ranges if isinstance(described, Versioned) else ((1, None, described),) if described else ()
    )
    latest: dict[str, tuple[Schema, bool]] = {}
    spans: dict[str, list[tuple[int, int | None]]] = {}
    for since, until, schema in ranges:
        for name, inner, required in _walk(schema, "", 0):
            latest[name] = (inner, required)
            spans.setdefault(name, []).append((since, until))
    for name, (inner, required) in latest.items():
        if _is_unsupported(inner):
            continue
        first, last = spans[name][0][0], spans[name][-1][1]
        rules = [*_rules(inner)]
        if first > 1:
            rules.append(_("since 2.%(minor)s") % {"minor": first})
        if last is not None:
            rules.append(_("until 2.%(minor)s") % {"minor": last})
        yield Parameter(name=name, place=place, kind=_kind(inner), required=required, rules=rules)


def _walk(schema: Schema, prefix: str, depth: int) -> Iterator[tuple[str, Schema, bool]]:
    """Yield each property below: its dotted name, its schema, and whether it is required where it stands."""
    if depth > DEEPEST:
        return
    for inner in schema.get("anyOf", ()):
        yield from _walk(inner, prefix, depth)
    for name, inner in schema.get("properties", {}).items():
        full = f"{prefix}{name}"
        yield full, inner, name in schema.get("required", ())
        yield from _walk(inner, f"{full}.", depth + 1)
    if isinstance(items := schema.get("items"), Mapping):
        yield from _walk(dict(items), f"{prefix.removesuffix('.')}[].", depth + 1)


def _kind(schema: Schema) -> str:
    if "anyOf" in schema:
        return _(" or ").join(
            dict.fromkeys(_kind(inner) for inner in schema["anyOf"] if inner != schemas.EMPTY)
        )
    if "enum" in schema or "const" in schema:
        return str(KINDS["string"])
    return str(KINDS.get(schema.get("format", ""), KINDS.get(_type(schema), _("any value"))))


def _rules(schema: Schema) -> Iterator[str]:
    if "enum" in schema:
        yield _one_of(str(value) for value in schema["enum"] if value is not None)
    if "const" in schema:
        yield _one_of([str(schema["const"])])
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if longest is not None:
        yield _("%(least)s to %(most)s characters") % {"least": shortest or 0, "most": longest}
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        yield _("%(least)s to %(most)s") % {"least": least, "most": most}
    elif least is not None:
        yield _("at least %(least)s") % {"least": least}
    elif most is not None:
        yield _("at most %(most)s") % {"most": most}
    if "maxItems" in schema or "maxProperties" in schema:
        yield _("at most %(most)s items") % {"most": schema.get("maxItems", schema.get("maxProperties"))}
    if "null" in _types(schema) or None in schema.get("enum", ()):
        yield _("or null")


def _is_unsupported(schema: Schema) -> bool:
    """Return whether nothing but an empty value is allowed."""
    return "enum" in schema and not any(schema["enum"])


def _one_of(values: Iterable[str]) -> str:
    return _("one of: %(values)s") % {"values": ", ".join(values)}


def _types(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _type(schema: Schema) -> str:
    return next((kind for kind in _types(schema) if kind != "null"), "")


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
