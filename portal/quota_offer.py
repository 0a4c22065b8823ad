"""The quota to ask an administrator for, when something exceeds it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from accounts.services import quotas
from accounts.services.quotas import Resource, Usage
from portal import amounts
from portal.templatetags.cloud import amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`limits` are the {resource: limit} needed; `more` is the difference in words (“4 vCPUs, 2 GiB of memory”).

    `is_asked` is whether an open request of the project asks for as much or more.
    """

    limits: dict[str, int]
    more: str
    is_asked: bool

    @property
    def url(self) -> str:
        """Return the address of the form, with the numbers filled in."""
        limits = {name: amounts.typed(limit, quotas.resources[name]) for name, limit in self.limits.items()}
        return f"{reverse('quota-request-ask')}?{urlencode(limits)}"


def make(usages: Iterable[Usage], needed: Mapping[str, int], waiting: Mapping[str, int]) -> Offer | None:
    """Return the quota that is missing for `needed`; None if it suffices."""
    shortages = quotas.shortages(usages, needed)
    if not shortages:
        return None
    limits = {shortage.resource: shortage.used + shortage.requested for shortage in shortages}
    return Offer(
        limits=limits,
        more=", ".join(
            quantity(quotas.resources[shortage.resource], shortage.used + shortage.requested - shortage.limit)
            for shortage in shortages
        ),
        is_asked=all(waiting.get(name, 0) >= limit for name, limit in limits.items()),
    )


def quantity(resource: Resource, number: int) -> str:
    """Return an amount of a resource for a sentence: “4 vCPUs”, “2 GiB of memory”."""
    return str(resource.counted % {"n": amount(number, resource.unit) if resource.unit else number})
