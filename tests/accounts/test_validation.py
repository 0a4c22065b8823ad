"""What people read when a value does not fit its schema."""

from typing import Any

import pytest

from accounts.errors import BadInput
from accounts.openstack import validation
from accounts.openstack.contract import by_version
from accounts.openstack.microversions import Version
from accounts.openstack.schema import (
    FLAG,
    NAME,
    Schema,
    explained,
    list_of,
    map_of,
    nullable,
    object_of,
    one_of,
    query_of,
    text,
    whole,
)
from accounts.openstack.validation import enforce, enforce_query
from tests.hostile import NO_NUMBERS

THING: Schema = object_of(
    {"thing": object_of({"name": NAME}, {"size": whole(1, 9), "on": FLAG, "parts": list_of(text(3), most=2)})}
)


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({}, {"thing": "This field is missing."}),
        ({"thing": {}}, {"thing.name": "This field is missing."}),
        ({"thing": []}, {"thing": "Give an object with name."}),
        ({"thing": {"name": 7}}, {"thing.name": "Give text."}),
        ({"thing": {"name": ""}}, {"thing.name": "Give at least 1 characters."}),
        ({"thing": {"name": "a\0"}}, {"thing.name": "This text holds characters that cannot be kept."}),
        ({"thing": {"name": "a", "colour": 1}}, {"thing.colour": "This is not known."}),
        ({"thing": {"name": "a", "size": 10}}, {"thing.size": "Give a whole number from 1 to 9."}),
        ({"thing": {"name": "a", "size": "10"}}, {"thing.size": "Give a whole number from 1 to 9."}),
        ({"thing": {"name": "a", "size": 1.0}}, {"thing.size": "Give a whole number from 1 to 9."}),
        ({"thing": {"name": "a", "on": "perhaps"}}, {"thing.on": "Say true or false."}),
        ({"thing": {"name": "a", "on": None}}, {"thing.on": "Say true or false."}),
        ({"thing": {"name": "a", "parts": "x"}}, {"thing.parts": "Give a list."}),
        ({"thing": {"name": "a", "parts": ["x", "long"]}}, {"thing.parts.1": "Use at most 3 characters."}),
        ({"thing": {"name": "a", "parts": ["x"] * 3}}, {"thing.parts": "Give at most 2 entries."}),
        ({"thing": {"size": 0, "on": 2}}, {
            "thing.name": "This field is missing.",
            "thing.size": "Give a whole number from 1 to 9.",
            "thing.on": "Say true or false.",
        }),
    ],
)  # fmt: skip
def test_each_field_is_named(value: Any, fields: dict[str, str]) -> None:
    with pytest.raises(BadInput) as raised:
        enforce(THING, value)
    assert raised.value.fields == fields


@pytest.mark.parametrize("size", [1, 9, "1", " 9 "])
@pytest.mark.parametrize("on", [True, "True", "false", 0, "yes"])
def test_requests_are_read_loosely(size: Any, on: Any) -> None:
    enforce(THING, {"thing": {"name": "a", "size": size, "on": on, "parts": []}})


@pytest.mark.parametrize("value", NO_NUMBERS.values(), ids=list(NO_NUMBERS))
def test_what_is_no_whole_number(value: Any) -> None:
    if isinstance(value, int) and abs(value) > 10**4000:
        return  # no JSON holds it
    with pytest.raises(BadInput):
        enforce(object_of({"size": whole(1, 9)}), {"size": value})


def test_a_sentence_of_ones_own() -> None:
    schema = object_of({"way": explained({"anyOf": [one_of("up"), one_of("down")]}, "Say up or down.")})
    with pytest.raises(BadInput) as raised:
        enforce(schema, {"way": "left"})
    assert raised.value.fields == {"way": "Say up or down."}


def test_null_where_it_may_be() -> None:
    schema = object_of(optional={"a": nullable(NAME), "b": nullable(one_of(1)), "c": nullable(map_of(NAME))})
    enforce(schema, dict.fromkeys("abc"))


def test_every_value_of_a_repeated_parameter() -> None:
    schema = query_of(way=one_of("asc", "desc"))
    enforce_query(schema, {"way": ["asc", "desc"], "unknown": ["x"]})
    with pytest.raises(BadInput) as raised:
        enforce_query(schema, {"way": ["asc", "up"]})
    assert raised.value.fields == {"way": "Say one of asc, desc."}


def test_validators_are_made_once() -> None:
    schema = query_of(way=one_of("asc", "desc"))
    enforce_query(schema, {"way": ["asc"]})
    kept = len(validation._validators)
    for _time in range(3):
        enforce_query(schema, {"way": ["asc", "desc"]})
    assert len(validation._validators) == kept


def test_an_error_repeats_nothing_long() -> None:
    with pytest.raises(BadInput) as raised:
        enforce(THING, {"thing": {"name": "x" * 10**6, **{f"{number}" * 1000: 1 for number in range(50)}}})
    assert len(str(raised.value.fields)) < 2000


def test_schemas_by_version() -> None:
    found = by_version(lambda minor: {"const": minor}, 5, 9, first=2)
    for minor, expected in {1: None, 2: 2, 4: 2, 5: 5, 8: 5, 9: 9, 99: 9}.items():
        schema = found.at(Version(2, minor))
        assert schema == (None if expected is None else {"const": expected})
