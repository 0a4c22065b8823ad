"""The scheduler, which places instances on hypervisors by requirements and free capacity."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.errors import Conflict
from accounts.locking import lock_all
from compute.engine.services import transitions
from compute.hosts.models import Hypervisor
from compute.hosts.services import liveness, occupants
from compute.hosts.services.occupants import NOTHING, Amounts
from compute.instances.models import Instance, ServerGroup
from compute.instances.services import hardware, placement
from compute.instances.services.disk_sizes import total_gib

NO_HOST = gettext_noop("No valid host was found for this instance.")


class HostAway(Conflict):
    """A host that may take the instance does not answer just now, and is likely back soon."""

    retryable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The free capacity of a hypervisor with its overcommitment: vCPUs, MiB and GiB."""

    hypervisor: Hypervisor
    vcpus: int
    ram_mib: int
    disk_gib: int

    def refusal(self, instance: Instance) -> str:
        """Return why the hypervisor cannot take the instance; empty if it can."""
        if reason := self.shortage(instance):
            return reason
        if self.hypervisor.state != Hypervisor.State.UP:
            return _("%(host)s does not answer.") % {"host": self.hypervisor}
        return ""

    def shortage(self, instance: Instance) -> str:
        """Return why the hypervisor could not take the instance even if it answered; empty if it could."""
        hypervisor = self.hypervisor
        if not hypervisor.enabled:
            return _("%(host)s is switched off for new instances.") % {"host": hypervisor}
        if missing := hardware.missing_features(hardware.spec_of(instance), hypervisor):
            return _("%(host)s cannot give it %(what)s.") % {"host": hypervisor, "what": missing}
        for label, free, needed in (
            (_("vCPUs"), self.vcpus, instance.vcpus),
            (_("MiB of memory"), self.ram_mib, instance.ram_mib),
            (_("GiB of disk"), self.disk_gib, total_gib(instance)),
        ):
            if needed > free:
                return _("%(host)s has %(left)s %(label)s left, %(asked)s are needed.") % {
                    "host": hypervisor,
                    "left": max(free, 0),
                    "label": label,
                    "asked": needed,
                }
        return ""


def capacities(hosts: Iterable[Hypervisor]) -> list[Capacity]:
    """Return the free capacity of each of the hypervisors, in one query."""
    used = occupants.registered().amounts()
    return [_capacity(host, used.get(host.pk, NOTHING)) for host in hosts]


def check(instance: Instance) -> None:
    """Check that the instance's hypervisor has capacity for its row. Raise Conflict if it has not.

    The hypervisor's row stays locked until the transaction ends. Of two checks at once, the second so sees the amounts
    of the first.
    """
    if instance.hypervisor_id is None:
        return
    capacity = _locked_capacity(instance.hypervisor_id, instance)
    if reason := capacity.refusal(instance):
        raise Conflict(reason)


def check_group(instance: Instance) -> None:
    """Raise Conflict if the policy of the instance's server group now excludes its hypervisor."""
    if instance.server_group_id is None or instance.hypervisor is None:
        return
    _lock_group(instance)
    if reason := placement.requirements(instance).against_group(instance.hypervisor):
        raise Conflict(reason)


@transaction.atomic
def place(instance: Instance) -> Hypervisor:
    """Set the instance's hypervisor to one that meets its requirements and has capacity, and return it.

    Of several, take the one with the highest preference, then with the most free memory. Raise Conflict with the
    reason of each hypervisor if there is none, HostAway if one is worth waiting for.
    """
    lock_all(Instance.objects.select_for_update(no_key=True).filter(pk=instance.pk))
    if instance.hypervisor is not None:
        return instance.hypervisor
    _lock_group(instance)
    requirements = placement.requirements(instance)
    refusals: list[str] = []
    error = Conflict
    for capacity in _ranked(requirements):
        refusal = requirements.refusal(capacity.hypervisor) or capacity.refusal(instance)
        if not refusal:
            # Checked without a lock, so check again with the lock of this one host.
            capacity, refusal = _locked_refusal(capacity.hypervisor.pk, instance, requirements)
        if not refusal:
            transitions.change(instance, hypervisor=capacity.hypervisor)
            return capacity.hypervisor
        refusals.append(refusal)
        lasting = requirements.refusal(capacity.hypervisor) or capacity.shortage(instance)
        if not lasting and liveness.may_be_restarting(capacity.hypervisor):
            error = HostAway
    reasons = " ".join(refusals) or _("There is no hypervisor yet.")
    raise error(f"{_(NO_HOST)} {reasons}")


def _ranked(requirements: placement.Requirements) -> list[Capacity]:
    """Return the hosts, the most preferred first. What is used of a host that is alone is not read."""
    hosts = list(Hypervisor.objects.all())
    return sorted(
        capacities(hosts) if len(hosts) > 1 else [_capacity(host, NOTHING) for host in hosts],
        key=lambda capacity: (requirements.preference(capacity.hypervisor), capacity.ram_mib),
        reverse=True,
    )


def _capacity(host: Hypervisor, used: Amounts) -> Capacity:
    vcpus, ram_mib, disk_gib = host.capacity
    return Capacity(
        hypervisor=host,
        vcpus=vcpus - used.vcpus,
        ram_mib=ram_mib - used.ram_mib,
        disk_gib=disk_gib - used.disk_gib,
    )


def _locked_capacity(host_id: UUID, without: Instance) -> Capacity:
    host = Hypervisor.objects.select_for_update(no_key=True).get(pk=host_id)
    return _capacity(host, occupants.registered().amounts(without.pk).get(host_id, NOTHING))


def _locked_refusal(
    host_id: UUID, instance: Instance, requirements: placement.Requirements
) -> tuple[Capacity, str]:
    """Return the host's capacity and why it cannot take the instance; empty if it can. A host that can stays locked.

    A host that cannot is unlocked, so that two placements that try hosts in different orders do not deadlock.
    """
    with transaction.atomic():
        capacity = _locked_capacity(host_id, instance)
        refusal = requirements.refusal(capacity.hypervisor) or capacity.refusal(instance)
        if refusal:
            transaction.set_rollback(True)
    return capacity, refusal


def _lock_group(instance: Instance) -> None:
    """Lock the instance's server group, so that its instances are placed one after another."""
    if instance.server_group_id is not None:
        lock_all(ServerGroup.objects.select_for_update(no_key=True).filter(pk=instance.server_group_id))
