"""Chooses the hypervisor of an instance, and says why not the others."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.engine.services import transitions
from compute.hosts.models import Hypervisor
from compute.hosts.services import occupants
from compute.hosts.services.occupants import NOTHING, Amounts
from compute.instances.models import Instance, ServerGroup
from compute.instances.services import hardware, placement
from compute.instances.services.disk_sizes import total_gib


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
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
        if lacking := hardware.missing_features(hardware.spec_of(instance), hypervisor):
            return _("%(host)s cannot give it %(what)s.") % {"host": hypervisor, "what": lacking}
        for label, left, asked in (
            (_("vCPUs"), self.vcpus, instance.vcpus),
            (_("MiB of memory"), self.ram_mib, instance.ram_mib),
            (_("GiB of disk"), self.disk_gib, total_gib(instance)),
        ):
            if asked > left:
                return _("%(host)s has %(left)s %(label)s left, %(asked)s are needed.") % {
                    "host": hypervisor,
                    "left": max(left, 0),
                    "label": label,
                    "asked": asked,
                }
        return ""


def capacities(without: Instance | None = None) -> list[Capacity]:
    """Return the room on every hypervisor, in two queries; as if one instance were not there."""
    taken = occupants.registered().amounts(without.pk if without else None)
    return [_capacity(host, taken.get(host.pk, NOTHING)) for host in Hypervisor.objects.all()]


def check(instance: Instance) -> None:
    """Claim what the instance's row says on its own hypervisor, until the transaction ends.

    Raise Conflict naming what is short there. The hypervisor's row is locked: of two that ask at once, the second
    sees what the first has taken.
    """
    if instance.hypervisor_id is None:
        return
    room = _locked_capacity(instance.hypervisor_id, instance)
    if reason := room.refusal(instance):
        raise Conflict(reason)


def check_group(instance: Instance) -> None:
    """Raise Conflict if the instance may not stand beside the others of its server group any more."""
    if instance.server_group_id is None or instance.hypervisor is None:
        return
    _lock_group(instance)
    if reason := placement.requirements(instance).against_group(instance.hypervisor):
        raise Conflict(reason)


@transaction.atomic
def place(instance: Instance) -> Hypervisor:
    """Give the instance a hypervisor that meets its wishes and has room: of several the most liked, then the one
    with the most memory left. Raise Conflict naming why none fits.
    """
    list(Instance.objects.select_for_update(no_key=True).filter(pk=instance.pk).values_list("pk"))
    if instance.hypervisor is not None:
        return instance.hypervisor
    _lock_group(instance)
    wishes = placement.requirements(instance)
    refusals: list[str] = []
    for room in sorted(
        capacities(), key=lambda room: (wishes.preference(room.hypervisor), room.ram_mib), reverse=True
    ):
        refusal = wishes.refusal(room.hypervisor) or room.refusal(instance)
        # Looked at without a lock, so look again with the lock of this one host.
        refusal = refusal or _locked_refusal(room.hypervisor.pk, instance, wishes)
        if not refusal:
            transitions.change(instance, hypervisor=room.hypervisor)
            return room.hypervisor
        refusals.append(refusal)
    reasons = " ".join(refusals) or _("There is no hypervisor yet.")
    raise Conflict(_("No valid host was found for this instance. %(reasons)s") % {"reasons": reasons})


def _capacity(host: Hypervisor, taken: Amounts) -> Capacity:
    return Capacity(
        hypervisor=host,
        vcpus=int(host.vcpus * host.vcpu_ratio) - taken.vcpus,
        ram_mib=int(host.memory_mib * host.memory_ratio) - taken.ram_mib,
        disk_gib=int(host.disk_gib * host.disk_ratio) - taken.disk_gib,
    )


def _locked_capacity(host_id: UUID, without: Instance) -> Capacity:
    host = Hypervisor.objects.select_for_update(no_key=True).get(pk=host_id)
    return _capacity(host, occupants.registered().amounts(without.pk).get(host_id, NOTHING))


def _locked_refusal(host_id: UUID, instance: Instance, wishes: placement.Requirements) -> str:
    """Return why the host does not take the instance. One that does stays locked.

    One that refuses is let go: of two that look at several hosts in different orders, neither waits for the other.
    """
    with transaction.atomic():
        room = _locked_capacity(host_id, instance)
        refusal = wishes.refusal(room.hypervisor) or room.refusal(instance)
        if refusal:
            transaction.set_rollback(True)
    return refusal


def _lock_group(instance: Instance) -> None:
    """Let the instances of a server group be placed one after another."""
    if instance.server_group_id is not None:
        list(
            ServerGroup.objects.select_for_update(no_key=True)
            .filter(pk=instance.server_group_id)
            .values_list("pk")
        )
