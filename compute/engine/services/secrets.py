"""Parameters that are sealed while an operation needs them, such as a guest's new password."""

import json
from collections.abc import Mapping

from accounts import sealing


def seal(values: Mapping[str, str]) -> str:
    """Return the values as text that only this installation reads; empty for none."""
    return sealing.seal(json.dumps(dict(values))) if values else ""


def unseal(text: str) -> dict[str, str]:
    """Return the values again; none where the text is empty or another key sealed it."""
    plain = sealing.unseal(text) if text else None
    values: dict[str, str] = json.loads(plain) if plain else {}
    return values
