"""Elements declared as dataclasses: fields are attributes, leaves, text or child elements, in order.

@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Element):
    TAG: ClassVar[str] = "target"
    dev: str = attribute()
"""

import re
from dataclasses import field, fields
from typing import Any, ClassVar

from lxml import etree

from ..errors import InvalidGuest

Scalar = str | int

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Element:
    """One XML element. None and empty tuples are left out; fields of no other kind are child elements."""

    __slots__ = ()
    TAG: ClassVar[str]
    NAMESPACES: ClassVar[dict[str, str]] = {}

    def render(self) -> etree._Element:
        """Return the lxml tree. Raise InvalidGuest for characters that XML does not allow."""
        node = etree.Element(self.TAG, nsmap=self.NAMESPACES)
        for member in fields(self):  # type: ignore[arg-type]
            value = getattr(self, member.name)
            if value is None:
                continue
            name = member.metadata.get("name") or member.name
            match member.metadata.get("kind"):
                case "attribute":
                    node.set(name, _text(value, f"{self.TAG}/@{name}"))
                case "leaf":
                    etree.SubElement(node, name).text = _text(value, f"{self.TAG}/{name}")
                case "text":
                    node.text = _text(value, self.TAG)
                case _:
                    children = value if isinstance(value, tuple) else (value,)
                    node.extend([child.render() for child in children])
        return node

    def to_xml(self) -> str:
        """Return the document as text for libvirt."""
        return etree.tostring(self.render(), encoding="unicode", pretty_print=True)


def attribute(name: str | None = None, *, default: Any = None) -> Any:
    """Return a field that is rendered as an attribute, by default of its own name."""
    return field(default=default, metadata={"kind": "attribute", "name": name})


def leaf(name: str | None = None, *, default: Any = None) -> Any:
    """Return a field that is rendered as a child element with text."""
    return field(default=default, metadata={"kind": "leaf", "name": name})


def text() -> Any:
    """Return a field that is rendered as the element's text."""
    return field(metadata={"kind": "text"})


def _text(value: Scalar, where: str) -> str:
    rendered = str(value)
    if match := _FORBIDDEN.search(rendered):
        raise InvalidGuest(
            f"{where} contains the character U+{ord(match.group()):04X}, which XML cannot carry; remove it."
        )
    return rendered
