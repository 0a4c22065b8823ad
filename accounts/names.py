"""Names of resources: any script, but no invisible characters."""

import re
import unicodedata
from dataclasses import dataclass
from typing import TypeGuard

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import BadInput

# Letters and marks that are drawn as nothing, and what Unicode reserves for more of them (Default_Ignorable_Code_Point).
_HIDING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)

# Persian words and many emoji have a joiner between their characters; at an end or in ASCII it only hides.
_JOINER = re.compile("(?<=[^\0-\x7f])[\u200c\u200d](?=[^\0-\x7f\u200c\u200d])")

# PostgreSQL keeps no zero byte, and JSON may carry half characters, which no encoding has.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_text(value: object, longest: int = 255) -> TypeGuard[str]:
    """Return whether the value is text that a database can store, so that looking for it makes sense."""
    return isinstance(value, str) and 0 < len(value) <= longest and is_storable(value)


def is_storable(text: str) -> bool:
    """Return whether a database can store every character."""
    return not _UNSTORABLE.search(text)


def clean_name(value: object, *, field: str = "name", longest: int = 255) -> str:
    """Return the name without outer spaces. Raise BadInput naming `field` for characters that no name may have.

    Markup is allowed, since everything that shows names escapes them.
    """
    if not isinstance(value, str) or not value.strip():
        raise BadInput(fields={field: _("Give a name.")})
    if len(value) > longest:
        raise BadInput(fields={field: _("Use at most %(longest)s characters.") % {"longest": longest}})
    name = value.strip()
    for character in _JOINER.sub("", name):
        if sentence := _refusal(character):
            raise BadInput(fields={field: sentence % {"code": f"{ord(character):04X}"}})
    return name


def _refusal(character: str) -> str:
    """Return why no name may have the character; empty if it may."""
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return _("The character U+%(code)s is a line break or another control character; leave it out.")
    if category == "Cf" or _HIDING.match(character):
        return _("The character U+%(code)s is invisible or changes the direction of text; leave it out.")
    if category == "Co":
        return _("The character U+%(code)s looks different on every machine; leave it out.")
    number = ord(character)
    if category == "Cs" or number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF:
        # Half a character, and the code points that never become one. Those that Python does not know yet may.
        return _("The character U+%(code)s is none; leave it out.")
    return ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Names that stand in addresses, as one segment of a path. Proxies and clients would resolve slashes and dots.

    `signs` may stand beside letters, digits and spaces. `reserved` are segments that mean something else.
    """

    signs: str
    letters: str = "A-Za-z"
    reserved: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """Return the regular expression of a whole name, as JSON Schemas have it."""
        others = "|".join(map(re.escape, (".", "..", *self.reserved)))
        return f"^(?!({others})$)[{self.letters}0-9 {re.escape(self.signs)}]+$"

    @property
    def sentence(self) -> Promise:
        """Return a sentence for people that says which names there can be."""
        return format_lazy(
            "{} {}", gettext_lazy("Use only letters, digits, spaces and"), " ".join(self.signs)
        )

    def clean(self, value: object, *, field: str = "name") -> str:
        """Return the name without outer spaces. Raise BadInput naming `field`."""
        name = clean_name(value, field=field)
        if not self.has(name):
            raise BadInput(fields={field: str(self.sentence)})
        return name

    def has(self, name: object) -> bool:
        """Return whether it is such a name."""
        return isinstance(name, str) and len(name) <= 255 and bool(re.fullmatch(self.pattern, name))


KEY = Segment("-_:.")
"""Keys of metadata and extra specs (Nova, API reference, servers, metadata)."""


TAG_PATTERN = r"^(?!\.{1,2}$)[^/,]+$"


def is_tag(name: object, longest: int) -> TypeGuard[str]:
    """Return whether it is a tag: text without slashes and commas, which divide tags in addresses."""
    return is_text(name, longest) and bool(re.fullmatch(TAG_PATTERN, name))
