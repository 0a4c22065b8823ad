"""Where something goes beyond a quota: what to ask an administrator for, in numbers and in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from accounts.services import quotas
from accounts.services.quotas import Resource, Usage
from portal.templatetags.cloud import amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`limits` {resource: limit} with which it would fit; `more` says the difference ("4 vCPUs, 2 GiB memory").

    `is_asked`: the project waits for as much or more already.
    """

    limits: dict[str, int]
    more: str
    is_asked: bool

    @property
    def url(self) -> str:
        """The page that asks, with the numbers filled in."""
        return f"{reverse('quota-request-ask')}?{urlencode(self.limits)}"


def make(usages: Iterable[Usage], needed: Mapping[str, int], waiting: Mapping[str, int]) -> Offer | None:
    """What has to be asked for before `asked` fits; None where it fits."""
    shortages = quotas.shortages(usages, needed)
    if not shortages:
        return None
    limits = {shortage.resource: shortage.used + shortage.asked for shortage in shortages}
    return Offer(
        limits=limits,
        more=", ".join(
            quantity(quotas.resources[shortage.resource], shortage.used + shortage.asked - shortage.limit)
            for shortage in shortages
        ),
        is_asked=all(waiting.get(name, 0) >= limit for name, limit in limits.items()),
    )


def quantity(resource: Resource, number: int) -> str:
    """A number of a resource inside a sentence: "4 vCPUs", "2 GiB of memory"."""
    return str(resource.counted % {"n": amount(number, resource.unit) if resource.unit else number})
