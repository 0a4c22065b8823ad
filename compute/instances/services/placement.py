"""What an instance asks of the place that it gets: zone, host, neighbours, server group, aggregates.

Rows keep the zone in `requested_zone` and the rest in `scheduler_hints`: `host` is a hypervisor's name, `same_host` and
`different_host` are lists of ids of instances. Room is the scheduler's to judge.
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
from compute.instances.models import Instance, ServerGroup
from compute.instances.models.server_group import Policy
from compute.instances.services.extra_spec_matching import matches

AFFINITY_HINTS = ("same_host", "different_host")
SCOPE = "aggregate_instance_extra_specs:"
MOST_HINT_IDS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """`members` counts the group's instances by hypervisor; the other ids are of hypervisors too.

    `same` None: no such wish. `specs` is what the flavor asks of aggregates, `offers` what each hypervisor's have.
    """

    zone: str = ""
    host: str = ""
    group: ServerGroup | None = None
    members: Mapping[UUID, int] = field(default_factory=dict)
    same: frozenset[UUID] | None = None
    different: frozenset[UUID] = frozenset()
    specs: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[UUID, Mapping[str, set[str]]] = field(default_factory=dict)

    def refusal(self, host: Hypervisor) -> str:
        """Why the hypervisor is not what is wished; empty when it is."""
        if self.host and host.name != self.host:
            return _("%(host)s is not the wanted host.") % {"host": host}
        if self.zone and host.availability_zone != self.zone:
            return _("%(host)s is not in the availability zone %(zone)s.") % {"host": host, "zone": self.zone}
        if self.same is not None and host.pk not in self.same:
            return _("%(host)s does not run the instances to be together with.") % {"host": host}
        if host.pk in self.different:
            return _("%(host)s runs an instance to be kept apart from.") % {"host": host}
        if missing := self._missing(host):
            return _("%(host)s is in no aggregate with %(specs)s.") % {"host": host, "specs": missing}
        return self.against_group(host)

    def preference(self, host: Hypervisor) -> int:
        """The more the better: how far the hypervisor meets what is only wished for."""
        there = self.members.get(host.pk, 0)
        match self.group.policy if self.group else "":
            case Policy.SOFT_AFFINITY:
                return there
            case Policy.SOFT_ANTI_AFFINITY:
                return -there
        return 0

    def against_group(self, host: Hypervisor) -> str:
        """Why the server group does not want the hypervisor; empty when it does."""
        there = self.members.get(host.pk, 0)
        match self.group.policy if self.group else "":
            case Policy.AFFINITY if self.members and not there:
                return _("%(host)s is not where the server group %(group)s is.") % {
                    "host": host,
                    "group": self.group,
                }
            case Policy.ANTI_AFFINITY if self.group and there >= (self.group.most_per_host or 1):
                return _("%(host)s has %(n)s of the server group %(group)s already, which stays apart.") % {
                    "host": host,
                    "n": there,
                    "group": self.group,
                }
        return ""

    def _missing(self, host: Hypervisor) -> str:
        offered = self.offers.get(host.pk, {})
        return ", ".join(
            f"{key}={asked}"
            for key, asked in self.specs.items()
            if not any(matches(value, asked) for value in offered.get(key, ()))
        )


def requirements(instance: Instance) -> Requirements:
    """What the instance asks; at most four queries, none where it asks nothing."""
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
    )


def parse_zone(context: Context, given: object) -> tuple[str, dict[str, Any]]:
    """Zone and hints of `zone`, or from administrators `zone:host` (Nova's third part, the node, is the host).

    Raise BadInput, Forbidden.
    """
    if given is not None and not isinstance(given, str):
        raise BadInput(fields={"availability_zone": _("Give the name of a zone.")})
    wanted, _colon, host = (given or "").partition(":")
    hints: dict[str, Any] = {}
    if host:
        policy.enforce(context, "instance:choose_host")
        hints["host"] = _known_host(host.partition(":")[0])
    wanted = wanted.strip()
    if wanted and wanted not in aggregates.zones():
        raise BadInput(fields={"availability_zone": _("The requested availability zone is not available.")})
    return wanted, hints


def parse_affinity_hint(name: str, given: object) -> list[str]:
    """The ids of one of `AFFINITY_HINTS`: one, or a list of them. Raise BadInput."""
    ids = given if isinstance(given, list) else [given]
    try:
        found = [str(UUID(each)) for each in ids if isinstance(each, str)]
    except ValueError:
        found = []
    if len(found) != len(ids) or not 0 < len(ids) <= MOST_HINT_IDS:
        raise BadInput(fields={name: _("Give the id of an instance, or a list of ids.")})
    return found


def _hosts_of(instance: Instance, **which: Any) -> Iterable[UUID]:
    """The hypervisors of other instances of the same project, each as often as it has one."""
    rows = Instance.objects.present().exclude(hypervisor=None)
    others = rows.filter(project=instance.project_id, **which).exclude(pk=instance.pk)
    return list(others.order_by().values_list("hypervisor", flat=True))


def _offers() -> dict[UUID, dict[str, set[str]]]:
    found: dict[UUID, dict[str, set[str]]] = {}
    for aggregate in Aggregate.objects.prefetch_related("hosts"):
        for host in aggregate.hosts.all():
            offered = found.setdefault(host.pk, {})
            for key, value in aggregate.metadata.items():
                offered.setdefault(key, set()).update(part.strip() for part in value.split(","))
    return found


def _known_host(name: str) -> str:
    if not is_text(name) or not Hypervisor.objects.filter(name=name).exists():
        raise BadInput(
            fields={"availability_zone": _("Compute host %(host)s could not be found.") % {"host": name[:64]}}
        )
    return name
