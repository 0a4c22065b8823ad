"""Preview of a launch or a resize: sizes that fit, the quota after it, the command."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accounts.models import Project
from accounts.services import quota_requests, quotas
from accounts.services.quotas import Usage
from compute.instances.actions.size_change import SizeChange, amounts, growth
from compute.instances.models import Flavor, Instance
from compute.instances.services import resources
from compute.volumes.services import volume_quota
from portal import quota_offer
from portal.launch_source import Source
from portal.quota_offer import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A flavor to choose; `reason` says why it cannot be had, `offer` which quota would be needed."""

    flavor: Flavor
    reason: str
    offer: Offer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A resource's quota with the launch in it. Shares in per cent of the limit; `left` is None without a limit."""

    usage: Usage
    added: int
    used_share: float
    added_share: float
    left: int | None

    @property
    def is_over(self) -> bool:
        return self.left is not None and self.left < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes and quota bars; `offer` is the quota to ask for if the chosen size exceeds it."""

    sizes: list[Size]
    bars: list[Bar]
    offer: Offer | None

    @property
    def is_over(self) -> bool:
        return any(bar.is_over for bar in self.bars)

    @property
    def nothing_fits(self) -> bool:
        """Return whether each size has a reason why it cannot be chosen."""
        return all(size.reason for size in self.sizes)


def make(
    project: Project | None, source: Source, flavor: Flavor | None, flavors: Sequence[Flavor], count: int
) -> Plan:
    """Return sizes and quota bars for `count` instances. The launch itself checks all of it again."""
    counted = {*resources.SIZES, *([volume_quota.COUNT] if source.volume_gib else [])}
    usages = quotas.project_usage(project, counted) if project else []
    waiting = quota_requests.open_limits(project) if project else {}
    amounts_needed = source.amounts(flavor, count) if flavor else {}

    def size(one: Flavor) -> Size:
        needed = source.amounts(one, count)
        return _size(one, source.refusal(one), needed, usages, quota_offer.make(usages, needed, waiting))

    return Plan(
        sizes=[size(one) for one in flavors],
        bars=[bar(usage, amounts_needed.get(usage.resource.name, 0)) for usage in usages],
        offer=quota_offer.make(usages, amounts_needed, waiting),
    )


def resize(
    action: SizeChange, instance: Instance, flavor: Flavor | None, flavors: Sequence[Flavor], *, may_ask: bool
) -> Plan:
    """Return sizes and quota bars for a resize. The action itself checks all of it again.

    `may_ask` is whether the user can ask for quota, which people do for the project they work in.
    """
    usages = quotas.project_usage(instance.project, resources.SIZES)
    waiting = quota_requests.open_limits(instance.project)

    def added(one: Flavor) -> dict[str, int]:
        return growth(amounts(instance), amounts(one))

    def offer(needed: Mapping[str, int]) -> Offer | None:
        return quota_offer.make(usages, needed, waiting) if may_ask else None

    extra = added(flavor) if flavor else {}
    return Plan(
        sizes=[
            _size(one, action.refusal(instance, one), added(one), usages, offer(added(one)))
            for one in flavors
        ],
        bars=[
            bar(usage, extra.get(usage.resource.name, 0))
            for usage in usages
            if usage.resource.name != "instances"
        ],
        offer=offer(extra),
    )


def shell_command(
    name: str,
    source: Source,
    flavor: Flavor | None,
    count: int,
    *,
    server_group: str = "",
    zone: str = "",
    key_name: str = "",
    user_data: bool = False,
    description: str = "",
    tags: Sequence[str] = (),
    metadata: Mapping[str, str] | None = None,
) -> str:
    """Return the `openstack` command that launches the same, quoted for a shell."""
    words = ["openstack", "server", "create"]
    for name_of_option, value in source.words():
        words += option(name_of_option, value)
    words += option("--flavor", flavor.name if flavor else "")
    words += option("--key-name", key_name)
    words += option("--user-data", "user-data.txt" if user_data else "")
    words += option("--hint", f"group={server_group}" if server_group else "")
    words += option("--availability-zone", zone)
    words += option("--description", description)
    for key, value in (metadata or {}).items():
        words += option("--property", f"{key}={value}")
    for tag in tags:
        words += option("--tag", tag)
    words += ["--min", str(count), "--max", str(count)] if count > 1 else []
    words += ["--"] if name.strip().startswith("-") else []
    return shlex.join([*words, name.strip() or "NAME"])


def option(name: str, value: str) -> list[str]:
    """Return the words of an option; none without a value. A value that begins with a hyphen would be taken for one."""
    if not value:
        return []
    return [f"{name}={value}"] if value.startswith("-") else [name, value]


def _size(
    flavor: Flavor, refusal: str, needed: Mapping[str, int], usages: Sequence[Usage], offer: Offer | None
) -> Size:
    """Return a size. `refusal` is a reason that a larger quota does not remove."""
    if refusal:
        return Size(flavor=flavor, reason=refusal, offer=None)
    short = quotas.shortages(usages, needed)
    return Size(flavor=flavor, reason=quotas.sentence(short[0]) if short else "", offer=offer)


def bar(usage: Usage, added: int) -> Bar:
    """Return the bar of a resource of which so much is added."""
    if usage.left is None:
        return Bar(usage=usage, added=added, used_share=0, added_share=0, left=None)
    limit = max(usage.limit, 1)
    used_share = min(100.0, 100 * usage.used / limit)
    return Bar(
        usage=usage,
        added=added,
        used_share=round(used_share, 2),
        added_share=round(min(100 - used_share, 100 * added / limit), 2),
        left=usage.limit - usage.used - added,
    )
