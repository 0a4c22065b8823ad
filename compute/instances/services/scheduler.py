"""Chooses the hypervisor of an instance, and says why not the others."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.engine.services import transitions
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.services import hardware, placement
from compute.instances.states import VmState


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a hypervisor still takes: processors, MiB and GiB, after overcommitment."""

    hypervisor: Hypervisor
    vcpus: int
    ram_mib: int
    disk_gib: int

    def refusal(self, instance: Instance) -> str:
        """Why the instance does not fit; empty when it does."""
        hypervisor = self.hypervisor
        if not hypervisor.enabled:
            return _("%(host)s is switched off for new instances.") % {"host": hypervisor}
        if hypervisor.state != Hypervisor.State.UP:
            return _("%(host)s does not answer.") % {"host": hypervisor}
        if lacking := hardware.lacking(hardware.of(instance), hypervisor):
            return _("%(host)s cannot give it %(what)s.") % {"host": hypervisor, "what": lacking}
        for label, left, asked in (
            (_("vCPUs"), self.vcpus, instance.vcpus),
            (_("MiB of memory"), self.ram_mib, instance.ram_mib),
            (_("GiB of disk"), self.disk_gib, instance.disk_gib),
        ):
            if asked > left:
                return _("%(host)s has %(left)s %(label)s left, %(asked)s are needed.") % {
                    "host": hypervisor,
                    "left": max(left, 0),
                    "label": label,
                    "asked": asked,
                }
        return ""


def rooms(without: Instance | None = None) -> list[Room]:
    """The room on every hypervisor, in two queries; as if one instance were not there.

    What is shelved takes its disk only.
    """
    shelved = Q(vm_state=VmState.SHELVED)
    used = {
        row["hypervisor"]: row
        for row in Instance.objects.existing()
        .exclude(hypervisor=None)
        .exclude(pk__in=[without.pk] if without else [])
        .order_by()
        .values("hypervisor")
        .annotate(
            vcpus=Sum("vcpus", filter=~shelved, default=0),
            ram=Sum("ram_mib", filter=~shelved, default=0),
            disk=Sum("disk_gib"),
        )
    }
    nothing = {"vcpus": 0, "ram": 0, "disk": 0}
    return [
        Room(
            hypervisor=host,
            vcpus=int(host.vcpus * host.vcpu_ratio) - used.get(host.pk, nothing)["vcpus"],
            ram_mib=int(host.memory_mib * host.memory_ratio) - used.get(host.pk, nothing)["ram"],
            disk_gib=int(host.disk_gib * host.disk_ratio) - used.get(host.pk, nothing)["disk"],
        )
        for host in Hypervisor.objects.all()
    ]


def check(instance: Instance) -> None:
    """Whether the instance's own hypervisor has room for it as its row says. Raises Conflict naming what is short."""
    for room in rooms(without=instance):
        if room.hypervisor.pk == instance.hypervisor_id and (reason := room.refusal(instance)):
            raise Conflict(reason)


def check_group(instance: Instance) -> None:
    """Whether the instance may still stand beside the others of its server group. Raises Conflict."""
    if instance.server_group_id is None or instance.hypervisor is None:
        return
    list(Hypervisor.objects.select_for_update(no_key=True).order_by("pk"))
    if reason := placement.wishes(instance).against_group(instance.hypervisor):
        raise Conflict(reason)


@transaction.atomic
def place(instance: Instance) -> Hypervisor:
    """Give the instance a hypervisor that meets its wishes and has room: of several the most liked, then the one
    with the most memory left. Raises Conflict naming why none fits.
    """
    list(Hypervisor.objects.select_for_update(no_key=True).order_by("pk"))
    if instance.hypervisor is not None:
        return instance.hypervisor
    found = rooms()
    wishes = placement.wishes(instance)
    refusals = [wishes.refusal(room.hypervisor) or room.refusal(instance) for room in found]
    fitting = [room for room, refusal in zip(found, refusals, strict=True) if not refusal]
    if not fitting:
        reasons = " ".join(refusals) or _("There is no hypervisor yet.")
        raise Conflict(_("No valid host was found for this instance. %(reasons)s") % {"reasons": reasons})
    best = max(fitting, key=lambda room: (wishes.preference(room.hypervisor), room.ram_mib))
    chosen = best.hypervisor
    transitions.change(instance, hypervisor=chosen)
    return chosen
