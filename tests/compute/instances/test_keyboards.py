"""The strokes of keyboard layouts, as the distribution has them."""

import string

import pytest

from accounts.errors import BadInput
from compute.instances.services import keyboards
from compute.instances.services.keyboards import LAYOUTS, Stroke
from tests import factories

PRINTABLE = set(string.printable) - set("\t\n\r\v\f")
WITHOUT_LATIN_LETTERS = {"ru"}


def keys(layout: str, character: str) -> list[tuple[str, bool, bool]]:
    return [(key.code, key.shift, key.altgr) for key in keyboards.strokes(layout)[character]]


@pytest.mark.parametrize("layout", sorted(LAYOUTS.keys() - WITHOUT_LATIN_LETTERS))
def test_every_layout_writes_all_of_ascii(layout: str) -> None:
    assert set(keyboards.strokes(layout)) >= PRINTABLE


@pytest.mark.parametrize(
    ("layout", "character", "expected"),
    [
        ("us", "a", [("KeyA", False, False)]),
        ("us", "A", [("KeyA", True, False)]),
        ("us", "?", [("Slash", True, False)]),
        ("gb", "£", [("Digit3", True, False)]),
        ("gb", "\\", [("IntlBackslash", False, False)]),
        ("de", "z", [("KeyY", False, False)]),
        ("de", "@", [("KeyQ", False, True)]),
        ("de", "ß", [("Minus", False, False)]),
        ("de", "^", [("Backquote", False, False), ("Space", False, False)]),
        ("fr", "a", [("KeyQ", False, False)]),
        ("fr", "1", [("Digit1", True, False)]),
        ("fr", "é", [("Digit2", False, False)]),
        ("fr", "ê", [("BracketLeft", False, False), ("KeyE", False, False)]),
        ("es", "ñ", [("Semicolon", False, False)]),
        ("es", "á", [("Quote", False, False), ("KeyA", False, False)]),
        ("it", "è", [("BracketLeft", False, False)]),
        ("pt", "ç", [("Semicolon", False, False)]),
        ("ch", "ü", [("BracketLeft", False, False)]),
        ("ch-fr", "è", [("BracketLeft", False, False)]),
        ("se", "å", [("BracketLeft", False, False)]),
        ("no", "ø", [("Semicolon", False, False)]),
        ("dk", "æ", [("Semicolon", False, False)]),
        ("pl", "ł", [("KeyL", False, True)]),
        ("cz", "ě", [("Digit2", False, False)]),
        ("tr", "ş", [("Semicolon", False, False)]),
        ("ru", "ж", [("Semicolon", False, False)]),
        ("jp", "@", [("BracketLeft", False, False)]),
    ],
)
def test_characters_stand_where_people_know_them(
    layout: str, character: str, expected: list[tuple[str, bool, bool]]
) -> None:
    assert keys(layout, character) == expected


def test_the_easiest_strokes_are_taken() -> None:
    assert all(
        not (key.shift or key.altgr) for key in keyboards.strokes("gb")["a"] + keyboards.strokes("es")["á"]
    )
    assert keyboards.strokes("us")["a"] == [Stroke("KeyA", 0x61, shift=False, altgr=False)]


@pytest.mark.parametrize("name", ["", "xx", "../us", "us,de", "US"])
def test_there_are_no_others(name: str, db: None) -> None:
    with pytest.raises(BadInput) as caught:
        keyboards.strokes(name)
    assert set(caught.value.fields) == {"layout"}
    with pytest.raises(BadInput):
        keyboards.set_layout(factories.InstanceFactory(), name)


def test_the_layout_is_kept_with_the_instance(db: None) -> None:
    instance = factories.InstanceFactory()
    keyboards.set_layout(instance, "fr")
    instance.refresh_from_db()
    assert instance.keyboard == "fr"
