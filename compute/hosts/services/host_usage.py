"""What every hypervisor has and gives away, for administrators."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import NotFound
from accounts.names import is_text
from accounts.services import audit
from compute.hosts.models import Hypervisor
from compute.instances import states
from compute.instances.models import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class HostUsage:
    """One hypervisor and what its instances take: processors, MiB, GiB; `running` of them run, `busy` change."""

    hypervisor: Hypervisor
    vcpus: int = 0
    ram_mib: int = 0
    disk_gib: int = 0
    running: int = 0
    busy: int = 0


NUMBERS: tuple[Literal["vcpus", "ram_mib", "disk_gib", "running", "busy"], ...] = (
    "vcpus",
    "ram_mib",
    "disk_gib",
    "running",
    "busy",
)


def listing(context: Context) -> list[HostUsage]:
    """All hypervisors by name, in two queries."""
    policy.enforce(context, "hypervisor:read")
    on_host = ~Q(vm_state=states.VmState.SHELVED)
    rows = (
        Instance.objects.existing()
        .exclude(hypervisor=None)
        .order_by()
        .values("hypervisor")
        .annotate(
            vcpus=Sum("vcpus", filter=on_host, default=0),
            ram_mib=Sum("ram_mib", filter=on_host, default=0),
            disk_gib=Sum("disk_gib"),
            running=Count("pk", filter=Q(vm_state__in=states.RUNNING)),
            busy=Count("pk", filter=Q(task_state__isnull=False)),
        )
    )
    used = {row["hypervisor"]: {name: row[name] for name in NUMBERS} for row in rows}
    return [HostUsage(hypervisor=host, **used.get(host.pk, {})) for host in Hypervisor.objects.all()]


@transaction.atomic
def enable(context: Context, name: object, enabled: bool, reason: str = "") -> Hypervisor:
    """Let new instances come to the host of this name or id, or keep them away. Raises Forbidden, NotFound."""
    policy.enforce(context, "hypervisor:write")
    hypervisor = Hypervisor.objects.select_for_update(no_key=True).filter(_called(name)).first()
    if hypervisor is None:
        raise NotFound(_("There is no host of this name."))
    hypervisor.enabled, hypervisor.disabled_reason = enabled, reason[:255]
    hypervisor.save(update_fields=["enabled", "disabled_reason"])
    audit.record(context, "hypervisor.update", hypervisor, enabled=enabled)
    return hypervisor


def _called(name: object) -> Q:
    try:
        return Q(pk=UUID(str(name)))
    except ValueError:
        return Q(name=name) if is_text(name) else Q(pk=None)
