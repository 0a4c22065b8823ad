"""The form of what health and doctor found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part of the installation: whether it works, what was seen, and the repair where it does not."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
