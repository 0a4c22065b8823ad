"""The tag in the metadata of a guest, which names its owner."""

from dataclasses import dataclass
from typing import ClassVar, Self

from lxml import etree

from ..specs import GuestTag
from .element import Element, attribute

NAMESPACE = "https://meridian.cloud/xmlns/guest/1.0"
PREFIX = "meridian"
BARE_TAG = "guest"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagElement(Element):
    """The tag as libvirt stores it."""

    TAG: ClassVar[str] = f"{{{NAMESPACE}}}guest"
    NAMESPACES: ClassVar[dict[str, str]] = {PREFIX: NAMESPACE}
    installation: str = attribute()
    instance: str = attribute()
    project: str = attribute()
    operation: str = attribute()
    order: int = attribute()
    fence: int = attribute()

    @classmethod
    def from_tag(cls, tag: GuestTag) -> Self:
        """Return the element of a tag."""
        return cls(
            installation=tag.installation,
            instance=tag.instance,
            project=tag.project,
            operation=tag.operation,
            order=tag.order,
            fence=tag.fence,
        )


class BareTagElement(TagElement):
    """The tag without its namespace, which libvirt adds itself to a single element."""

    TAG: ClassVar[str] = BARE_TAG
    NAMESPACES: ClassVar[dict[str, str]] = {}


def parse_tag(xml: str) -> GuestTag | None:
    """Return the tag in a metadata element or a domain; None without a complete one."""
    root = etree.fromstring(xml)
    for node in root.iter():
        # libvirt returns a single element without its namespace.
        if node.tag == TagElement.TAG or (node is root and node.tag == BARE_TAG):
            try:
                return GuestTag(
                    installation=str(node.attrib["installation"]),
                    instance=str(node.attrib["instance"]),
                    project=str(node.attrib["project"]),
                    operation=str(node.attrib["operation"]),
                    order=int(node.attrib["order"]),
                    fence=int(node.attrib["fence"]),
                )
            except (KeyError, ValueError):
                return None
    return None
