"""Names in any script; none with tricks."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import BadInput
from accounts.names import Segment, clean_name
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


@pytest.mark.parametrize(
    ("name", "character", "reason"),
    [
        ("web\u202egpj", "U+202E", "direction"),
        ("web\nserver", "U+000A", "control"),
        ("web\u3164", "U+3164", "invisible"),
        ("web\ue000", "U+E000", "different"),
        ("web\U0001ffff", "U+1FFFF", "none"),
    ],
)
def test_the_sentence_names_the_character_and_says_truly_what_it_is(
    name: str, character: str, reason: str
) -> None:
    with pytest.raises(BadInput) as refused:
        clean_name(name)
    sentence = str(refused.value.fields["name"])
    assert character in sentence
    assert reason in sentence


@pytest.mark.parametrize("name", ["m1/small", "..", ".", "detail", "a\\b", "a?b", "a#b", "a%2Fb"])
def test_a_segment_of_addresses_has_no_sign_that_would_divide_or_resolve(name: str) -> None:
    segment = Segment("-_.", letters=r"\w", reserved=("detail",))
    assert not segment.has(name)
    with pytest.raises(BadInput) as refused:
        segment.clean(name, field="id")
    assert set(refused.value.fields) == {"id"}


@pytest.mark.parametrize("name", ["m1.small", "Größe 1", "a-b_c", "details", "...", ".a"])
def test_a_segment_of_addresses_has_all_others(name: str) -> None:
    assert Segment("-_.", letters=r"\w", reserved=("detail",)).clean(name) == name


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
        assert not {unicodedata.category(character) for character in name} & {"Cc", "Cs", "Co"}
        name.encode()
