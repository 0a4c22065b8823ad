"""Checks: the results of health page and doctor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part of the installation: whether it works, the detail, and the repair if it does not.

    `limited` is whether it works less well than it could.
    """

    name: str
    ok: bool
    detail: str
    fix: str = ""
    limited: bool = False
