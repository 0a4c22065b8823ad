"""What stuck operations say of what they left."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_noop


def describe_leftovers(left: Sequence[dict[str, Any]] | None) -> str:
    """Return in one sentence what could not be undone; `left` is an operation's."""
    first = left[0] if left else {}
    said = gettext_noop("The step “{label}” could not be undone: {reason}")
    return said.format(label=first.get("label", "?"), reason=first.get("reason", ""))
