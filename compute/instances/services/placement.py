"""Requirements of instances for their placement: zone, host, affinity, server group, aggregates.

Rows hold the zone in `requested_zone` and the rest in `scheduler_hints`. There, `host` is a hypervisor's name, and
`same_host` and `different_host` are lists of instances' ids, and `volumes` of those
that its host must reach. The scheduler checks the capacity.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput
from accounts.names import is_text
from compute.hosts.models import Aggregate, Hypervisor
from compute.hosts.services import aggregates
from compute.hosts.services.extra_spec_matching import matches
from compute.instances.models import Instance, ServerGroup
from compute.instances.models.server_group import Policy
from compute.instances.services import volume_disks

AFFINITY_HINTS = ("same_host", "different_host")
VOLUMES = "volumes"
SCOPE = "aggregate_instance_extra_specs:"
MOST_HINT_IDS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """Requirements for a host.

    `members` counts the group's instances by hypervisor. `same` and `different` are ids of hypervisors, None for no
    requirement. `reaching` are those that reach its volumes. `specs` are the flavor's extra specs for aggregates,
    `offers` the aggregates' values by hypervisor.
    """

    zone: str = ""
    host: str = ""
    group: ServerGroup | None = None
    members: Mapping[UUID, int] = field(default_factory=dict)
    same: frozenset[UUID] | None = None
    different: frozenset[UUID] = frozenset()
    specs: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[UUID, Mapping[str, set[str]]] = field(default_factory=dict)
    reaching: frozenset[UUID] | None = None

    def refusal(self, host: Hypervisor) -> str:
        """Return why the hypervisor does not meet the requirements; empty if it does."""
        if self.host and host.name != self.host:
            return _("%(host)s is not the wanted host.") % {"host": host}
        if self.zone and host.availability_zone != self.zone:
            return _("%(host)s is not in the availability zone %(zone)s.") % {"host": host, "zone": self.zone}
        if self.same is not None and host.pk not in self.same:
            return _("%(host)s does not run the instances to be together with.") % {"host": host}
        if host.pk in self.different:
            return _("%(host)s runs an instance to be kept apart from.") % {"host": host}
        if self.reaching is not None and host.pk not in self.reaching:
            return _("%(host)s does not reach the pools of its volumes.") % {"host": host}
        if missing := self._missing_specs(host):
            return _("%(host)s is in no aggregate with %(specs)s.") % {"host": host, "specs": missing}
        return self.against_group(host)

    def preference(self, host: Hypervisor) -> int:
        """Return the hypervisor's weight by a soft policy of the server group. Higher is better."""
        members = self.members.get(host.pk, 0)
        match self.group.policy if self.group else "":
            case Policy.SOFT_AFFINITY:
                return members
            case Policy.SOFT_ANTI_AFFINITY:
                return -members
        return 0

    def against_group(self, host: Hypervisor) -> str:
        """Return why the server group's policy excludes the hypervisor; empty if it does not."""
        members = self.members.get(host.pk, 0)
        match self.group.policy if self.group else "":
            case Policy.AFFINITY if self.members and not members:
                return _("%(host)s is not where the server group %(group)s is.") % {
                    "host": host,
                    "group": self.group,
                }
            case Policy.ANTI_AFFINITY if self.group and members >= (self.group.most_per_host or 1):
                return _("%(host)s has %(n)s of the server group %(group)s already, which stays apart.") % {
                    "host": host,
                    "n": members,
                    "group": self.group,
                }
        return ""

    def _missing_specs(self, host: Hypervisor) -> str:
        offered = self.offers.get(host.pk, {})
        return ", ".join(
            f"{key}={required}"
            for key, required in self.specs.items()
            if not any(matches(value, required) for value in offered.get(key, ()))
        )


def requirements(instance: Instance) -> Requirements:
    """Return the instance's requirements. Costs at most six queries, none if it has no requirements."""
    hints: dict[str, Any] = instance.scheduler_hints
    group = None
    if instance.server_group_id is not None:
        group = ServerGroup.objects.filter(pk=instance.server_group_id).first()
    specs = {
        key.removeprefix(SCOPE): value
        for key, value in instance.hardware.get("flavor", {}).items()
        if key.startswith(SCOPE)
    }
    return Requirements(
        zone=instance.requested_zone,
        host=hints.get("host", ""),
        group=group,
        members=Counter(_hosts_of(instance, server_group=group)) if group else {},
        same=frozenset(_hosts_of(instance, pk__in=hints["same_host"])) if "same_host" in hints else None,
        different=frozenset(
            _hosts_of(instance, pk__in=hints["different_host"]) if "different_host" in hints else ()
        ),
        specs=specs,
        offers=_offers() if specs else {},
        reaching=volume_disks.hosts_reaching(hints[VOLUMES]) if VOLUMES in hints else None,
    )


def parse_zone(context: Context, value: object) -> tuple[str, dict[str, Any]]:
    """Return zone and hints of `zone`, or for administrators of `zone:host`. Ignore Nova's third part, the node.

    Raise BadInput, Forbidden.
    """
    if value is not None and not isinstance(value, str):
        raise BadInput(fields={"availability_zone": _("Give the name of a zone.")})
    zone, _colon, host = (value or "").partition(":")
    hints: dict[str, Any] = {}
    if host:
        policy.enforce(context, "instance:choose_host")
        hints["host"] = _clean_host(host.partition(":")[0], "availability_zone")
    zone = zone.strip()
    if zone and zone not in aggregates.zones():
        raise BadInput(fields={"availability_zone": _("The requested availability zone is not available.")})
    return zone, hints


def parse_host(context: Context, name: object) -> str:
    """Return the name of a host that administrators have chosen. Raise BadInput, Forbidden."""
    policy.enforce(context, "instance:choose_host")
    return _clean_host(name, "host")


def parse_affinity_hint(name: str, value: object) -> list[str]:
    """Return the ids of one of `AFFINITY_HINTS`, whose value is an id or a list of ids. Raise BadInput."""
    values = value if isinstance(value, list) else [value]
    try:
        ids = [str(UUID(each)) for each in values if isinstance(each, str)]
    except ValueError:
        ids = []
    if len(ids) != len(values) or not 0 < len(values) <= MOST_HINT_IDS:
        raise BadInput(fields={name: _("Give the id of an instance, or a list of ids.")})
    return ids


def _hosts_of(instance: Instance, **lookup: Any) -> Iterable[UUID]:
    """Return the hypervisors of other instances of the same project, once for each instance."""
    rows = Instance.objects.present().exclude(hypervisor=None)
    others = rows.filter(project=instance.project_id, **lookup).exclude(pk=instance.pk)
    return list(others.order_by().values_list("hypervisor", flat=True))


def _offers() -> dict[UUID, dict[str, set[str]]]:
    """Return {hypervisor id: {key: values}} of the aggregates' metadata."""
    offers: dict[UUID, dict[str, set[str]]] = {}
    for aggregate in Aggregate.objects.prefetch_related("hosts"):
        for host in aggregate.hosts.all():
            offered = offers.setdefault(host.pk, {})
            for key, value in aggregate.metadata.items():
                offered.setdefault(key, set()).update(part.strip() for part in value.split(","))
    return offers


def _clean_host(name: object, field: str) -> str:
    if not isinstance(name, str) or not is_text(name) or not Hypervisor.objects.filter(name=name).exists():
        raise BadInput(
            fields={field: _("Compute host %(host)s could not be found.") % {"host": str(name)[:64]}}
        )
    return name
