"""Names in any script; none with tricks."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import BadInput
from accounts.names import clean_name
from tests.hostile import BAD_NAMES, STRANGE_BUT_TRUE_NAMES


@pytest.mark.parametrize("name", STRANGE_BUT_TRUE_NAMES)
def test_unusual_names_stay_as_they_are(name: str) -> None:
    assert clean_name(name) == name


def test_outer_space_goes() -> None:
    assert clean_name("  web 1 ") == "web 1"


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=list(BAD_NAMES))
def test_tricks_are_refused_by_field(name: object) -> None:
    with pytest.raises(BadInput) as refused:
        clean_name(name, field="title")
    assert set(refused.value.fields) == {"title"}
    assert len(str(refused.value.fields["title"])) < 200, "no echo of what was sent"


def test_the_sentence_names_the_character() -> None:
    with pytest.raises(BadInput) as refused:
        clean_name("web\u202egpj")
    assert "U+202E" in str(refused.value.fields["name"])


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_is_kept_or_refused_by_field(text: str) -> None:
    name, wrong = "", {}
    try:
        name = clean_name(text)
    except BadInput as error:
        wrong = error.fields
    assert set(wrong) == (set() if name else {"name"})
    if name:
        assert name == text.strip()
        assert len(name) <= 255
        assert all(unicodedata.category(character)[0] != "C" for character in name)
        name.encode()
