"""Parts of the schemas of all resources of the Identity API. As in Keystone bodies may have unknown fields."""

from accounts.openstack.schema import (
    ANY,
    FLAG,
    INTEGER,
    STRING,
    Properties,
    Schema,
    list_of,
    nullable,
    object_of,
    query_of,
    text,
    whole,
)

DESCRIPTION: Schema = nullable(text(10_000))
KEY: Schema = nullable(text(255))
SELF: Schema = object_of({"self": STRING})
LIST_LINKS: Schema = object_of({"self": STRING, "previous": nullable(STRING), "next": nullable(STRING)})
DOMAIN: Schema = object_of({"id": STRING, "name": STRING})
REFERENCE: Schema = object_of({"id": STRING, "name": STRING})
NO_OPTIONS: Schema = object_of()
ERROR: Schema = object_of({"error": object_of({"code": INTEGER, "title": STRING, "message": STRING})})
PAGE: Properties = {"limit": whole(1), "marker": text()}
LOOKUPS = ("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith")
"""How names may be compared in lists, as `name__contains=…`."""


def taking(noun: str, required: Properties | None = None, optional: Properties | None = None) -> Schema:
    """Return the schema of a request's body: an object under the resource's name."""
    return object_of({noun: object_of(required, optional, others=True)}, others=True)


def showing(noun: str, row: Schema) -> Schema:
    return object_of({noun: row})


def listing(plural: str, row: Schema) -> Schema:
    return object_of({plural: list_of(row), "links": LIST_LINKS})


def filters(*names: str, flags: tuple[str, ...] = ()) -> Schema:
    """Return the schema of a list's query: texts to compare, and flags, which need no value.

    Any text is valid: one that no row can have matches none.
    """
    compared = [name for base in names for name in (base, *(f"{base}__{lookup}" for lookup in LOOKUPS))]
    flag = {"anyOf": [FLAG, {"type": "string", "const": ""}]}
    return query_of(PAGE, dict.fromkeys(compared, ANY), dict.fromkeys(flags, flag))
