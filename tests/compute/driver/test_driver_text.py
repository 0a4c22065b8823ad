"""Whatever people type comes back as they typed it, or is refused with a sentence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from compute.driver.errors import InvalidGuest
from compute.driver.specs import GuestTag
from compute.driver.xml.guest import guest_domain
from compute.driver.xml.tag import parse_tag
from tests.compute.driver.driver_samples import BARE

CARRIED = st.text(
    st.characters(
        exclude_categories=["Cs"],
        exclude_characters=[chr(n) for n in range(32) if n not in (9, 10, 13)] + ["\ufffe", "\uffff"],
    )
)


@given(name=CARRIED, title=CARRIED)
def test_names_and_titles_come_back(name: str, title: str) -> None:
    xml = guest_domain(replace(BARE, name=name, title=title)).to_xml()
    domain = etree.fromstring(xml)
    assert domain.findtext("name") == name
    assert domain.findtext("title", "") == " ".join(title.splitlines()).strip()
    assert len(domain.findall("devices")) == 1


@given(
    st.builds(
        GuestTag,
        installation=CARRIED,
        instance=CARRIED,
        project=CARRIED,
        operation=CARRIED,
        order=st.integers(min_value=0),
        fence=st.integers(min_value=0),
    )
)
def test_tags_come_back(tag: GuestTag) -> None:
    assert parse_tag(guest_domain(replace(BARE, tag=tag)).to_xml()) == tag


@given(
    st.sampled_from(["\x00", "\x01", "\x08", "\x0b", "\x1b", "\x1f", "\ud800", "\ufffe", "\uffff"]), CARRIED
)
def test_what_xml_cannot_carry_is_refused(character: str, around: str) -> None:
    with pytest.raises(InvalidGuest, match=f"U\\+{ord(character):04X}"):
        guest_domain(replace(BARE, name=around + character + around)).to_xml()


@pytest.mark.parametrize(
    "xml",
    [
        "<domain/>",
        "<guest/>",
        '<guest installation="i" instance="n" project="p" operation="o" order="1" fence="x"/>',
        '<domain><metadata><other xmlns="https://example.org" instance="n"/></metadata></domain>',
    ],
)
def test_a_guest_without_a_whole_tag_is_not_ours(xml: str) -> None:
    assert parse_tag(xml) is None
