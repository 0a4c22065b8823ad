"""Descriptions of what stuck operations left."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_noop


def describe_leftovers(leftovers: Sequence[dict[str, Any]] | None) -> str:
    """Return a sentence on the first step that could not be undone, from an operation's leftovers."""
    step = leftovers[0] if leftovers else {}
    sentence = gettext_noop("The step “{label}” could not be undone: {reason}")
    return sentence.format(label=step.get("label", "?"), reason=step.get("reason", ""))
