"""Validate values against JSON Schemas, with sentences for people that name each invalid field."""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import extend

from accounts.errors import BadInput
from accounts.names import is_storable
from accounts.openstack.schema import Schema
from accounts.services.inputs import FLAGS

LONGEST_FIELD = 64
MOST_ERRORS = 5
_FORMATS = FormatChecker(formats=())


def enforce(schema: Schema, value: object, name: str = "") -> None:
    """Raise BadInput naming each invalid field. `name` is that of the value itself."""
    fields: dict[str, str] = {}
    try:
        for error in validator(schema).iter_errors(value):
            fields |= _sentences(error)
            if len(fields) >= MOST_ERRORS:
                break
    except RecursionError as error:
        raise BadInput(_("The body is no JSON that we can read.")) from error
    if name and fields:
        raise BadInput(fields={name: next(iter(fields.values()))})
    if whole := fields.pop("", None):
        raise BadInput(whole, fields=fields)
    if fields:
        raise BadInput(fields=fields)


def enforce_query(schema: Schema, query: Mapping[str, Iterable[str]], *, strict: bool = False) -> None:
    """Raise BadInput naming each invalid parameter, which may be repeated. `strict` refuses unknown ones too."""
    properties = schema["properties"]
    if strict and (unknown := [name for name in query if name not in properties]):
        raise BadInput(
            fields={name[:LONGEST_FIELD]: _("This is not known.") for name in unknown[:MOST_ERRORS]}
        )
    for name, values in query.items():
        for value in values if name in properties else ():
            enforce(properties[name], value, name)


# Schemas are constants of modules, so there are only so many.
_validators: dict[int, tuple[Schema, Draft202012Validator]] = {}


def validator(schema: Schema) -> Draft202012Validator:
    """Return the validator of the schema, which is created once."""
    cached = _validators.get(id(schema))
    if cached is None or cached[0] is not schema:
        # The cache holds the schema too, so that no other one ever has its id.
        cached = _validators[id(schema)] = (schema, _Validator(schema, format_checker=_FORMATS))
    return cached[1]


def _is_whole(_checker: Any, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object, schema: Schema) -> Any:
    """Return the number to compare with a bound, also from text. None if the value is no number."""
    if isinstance(value, str) and schema.get("format") == "whole" and _whole(value):
        return int(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _minimum(_validator: Any, least: int, value: object, schema: Schema) -> Iterator[ValidationError]:
    if (number := _number(value, schema)) is not None and number < least:
        yield ValidationError("too small")


def _maximum(_validator: Any, most: int, value: object, schema: Schema) -> Iterator[ValidationError]:
    if (number := _number(value, schema)) is not None and number > most:
        yield ValidationError("too large")


_Validator: Any = extend(
    Draft202012Validator,
    validators={"minimum": _minimum, "maximum": _maximum},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)
"""A validator for which 1.0 is no whole number, and which compares numbers in text."""


def _format(name: str) -> Callable[[Callable[[Any], bool]], Callable[[Any], bool]]:
    return _FORMATS.checks(name, raises=(ValueError, binascii.Error))


@_format("text")
def _text(value: object) -> bool:
    return not isinstance(value, str) or is_storable(value)


@_format("flag")
def _flag(value: object) -> bool:
    return (
        isinstance(value, bool) or str(value)[:8].lower() in FLAGS if isinstance(value, str | int) else True
    )


@_format("whole")
def _whole(value: object) -> bool:
    if not isinstance(value, str):
        return True
    digits = value.strip().removeprefix("-")
    return len(digits) <= 12 and digits.isascii() and digits.isdigit()


@_format("uuid")
def _uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(UUID(value))


@_format("time")
def _time(value: object) -> bool:
    # A plus sign that was not escaped in an address arrives as a space.
    return not isinstance(value, str) or parse_datetime(value.replace(" ", "+")) is not None


@_format("base64")
def _base64(value: object) -> bool:
    if isinstance(value, str):
        base64.b64decode("".join(value.split()), validate=True)
    return True


@_format("ipv4-or-empty")
def _ipv4(value: object) -> bool:
    return not isinstance(value, str) or value == "" or bool(ipaddress.IPv4Address(value))


@_format("ipv6-or-empty")
def _ipv6(value: object) -> bool:
    return not isinstance(value, str) or value == "" or bool(ipaddress.IPv6Address(value))


def _sentences(error: ValidationError) -> dict[str, str]:
    """Return {path of the field: sentence}."""
    if error.context and "x-error" not in error.schema:
        inner = best_match(error.context)
        return _sentences(inner) if inner is not None else {}
    path = [str(part)[:LONGEST_FIELD] for part in error.absolute_path]
    if "x-error" in error.schema:
        return {".".join(path): str(error.schema["x-error"])}
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return {".".join([*path, name]): _("This field is missing.") for name in missing}
    if error.validator == "additionalProperties" and error.validator_value is False:
        properties = error.schema.get("properties", {})
        unknown = [name[:LONGEST_FIELD] for name in error.instance if name not in properties][:MOST_ERRORS]
        return {".".join([*path, name]): _("This is not known.") for name in unknown}
    return {".".join(path): _sentence(error)}


def _sentence(error: ValidationError) -> str:
    keyword, value, schema = str(error.validator), error.validator_value, error.schema
    if keyword in {"enum", "const"}:
        choices = value if keyword == "enum" else [value]
        return _("Say one of %(choices)s.") % {"choices": ", ".join(map(str, choices))}
    if keyword in {"type", "format", "minimum", "maximum"}:
        return _kind_sentence(schema, error.instance)
    sentences = {
        "minLength": _("Give at least %(value)s characters."),
        "maxLength": _("Use at most %(value)s characters."),
        "minItems": _("Give at least %(value)s entries."),
        "maxItems": _("Give at most %(value)s entries."),
        "minProperties": _("Give at least %(value)s entries."),
        "maxProperties": _("Give at most %(value)s entries."),
        "uniqueItems": _("Give each entry once."),
    }
    return sentences.get(keyword, _("This cannot be used.")) % {"value": value}


def _kind_sentence(schema: Schema, value: object) -> str:
    """Return the sentence that names the expected kind of value."""
    kinds = schema.get("type", "")
    kind = schema.get("format") or (kinds if isinstance(kinds, str) else kinds[0])
    if kind == "text" and isinstance(value, str):
        return _("This text holds characters that cannot be kept.")
    if kind == "object" and (names := schema.get("required")):
        return _("Give an object with %(names)s.") % {"names": ", ".join(names)}
    if kind in {"whole", "integer"}:
        return _number_between(schema.get("minimum"), schema.get("maximum"))
    sentences = {
        "string": _("Give text."),
        "text": _("Give text."),
        "number": _("Give a number."),
        "boolean": _("Say true or false."),
        "flag": _("Say true or false."),
        "array": _("Give a list."),
        "object": _("Give an object."),
        "uuid": _("Give an id."),
        "time": _("Give a time like 2030-01-31T12:00:00."),
        "base64": _("Give base64."),
        "ipv4-or-empty": _("This is no address of IP version %(version)s.") % {"version": 4},
        "ipv6-or-empty": _("This is no address of IP version %(version)s.") % {"version": 6},
    }
    return sentences.get(kind, _("This cannot be used."))


def _number_between(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return _("Give a whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
    if least is not None:
        return _("Give a whole number from %(least)s.") % {"least": least}
    return _("Give a whole number.")
