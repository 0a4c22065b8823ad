"""Limits as people type them: memory in GiB, as it is shown, and ∞ for no limit."""

import re
from collections.abc import Mapping

from accounts.models import Quota
from accounts.services import quotas
from accounts.services.quotas import Resource

BY_UNIT = {"MIB": 1, "GIB": 1024, "TIB": 1024**2}
"""MiB of each unit."""


def unit(resource: Resource) -> str:
    """Return the unit of a number that is typed without one."""
    return "GiB" if resource.unit == "MiB" else resource.unit


def parsed(texts: Mapping[str, str]) -> dict[str, str]:
    """Return {name of a resource: its limit in its own unit} of what stands in a form's fields."""
    resources = quotas.resources
    return {name: parse(text, resources[name]) if name in resources else text for name, text in texts.items()}


def typed(limit: int, resource: Resource) -> str:
    """Return a limit as it stands in a field: “50” for 50 GiB of memory, “∞” for no limit."""
    if limit == Quota.UNLIMITED:
        return "∞"
    if resource.unit != "MiB":
        return str(limit)
    whole, rest = divmod(limit * 100, 1024)
    return f"{limit} MiB" if rest else f"{whole // 100}.{whole % 100:02}".rstrip("0").rstrip(".")


def parse(text: str, resource: Resource) -> str:
    """Return what stands in a field in the resource's own unit; what is no amount is returned as it is."""
    text = text.strip().replace("−", "-")
    if text == "∞":
        return str(Quota.UNLIMITED)
    amount = re.fullmatch(r"(\d{1,12}(?:[.,]\d{1,6})?)\s*([MGT]iB)?", text, re.IGNORECASE | re.ASCII)
    if resource.unit not in {"MiB", "GiB"} or amount is None:
        return text
    number, own_unit = amount.groups()
    mib = float(number.replace(",", ".")) * BY_UNIT[(own_unit or unit(resource)).upper()]
    whole = mib / BY_UNIT[resource.unit.upper()]
    return str(int(whole)) if whole.is_integer() else text
