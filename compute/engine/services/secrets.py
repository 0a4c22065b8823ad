"""Secret parameters of operations, such as a guest's new password, which rows store sealed."""

import json
from collections.abc import Mapping

from accounts import sealing


def seal(values: Mapping[str, str]) -> str:
    """Return the values as text that only this installation can read; empty if there are none."""
    return sealing.seal(json.dumps(dict(values))) if values else ""


def unseal(text: str) -> dict[str, str]:
    """Return the sealed values; none if the text is empty or was sealed with another key."""
    plain = sealing.unseal(text) if text else None
    values: dict[str, str] = json.loads(plain) if plain else {}
    return values
