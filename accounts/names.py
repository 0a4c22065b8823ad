"""Names of resources: any script, but no invisible characters."""

import re
import unicodedata
from typing import TypeGuard

from django.utils.translation import gettext as _

from accounts.errors import BadInput

# Control, format (bidi marks, zero-width joiners), surrogate, private use, line and paragraph separators.
_REFUSED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

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
    for character in name:
        if unicodedata.category(character) in _REFUSED:
            raise BadInput(
                fields={
                    field: _(
                        "The character U+%(code)s is invisible or changes the direction of text; leave it out."
                    )
                    % {"code": f"{ord(character):04X}"}
                }
            )
    return name
