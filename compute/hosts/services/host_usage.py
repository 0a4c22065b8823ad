"""Capacity and usage of every hypervisor, for administrators."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import policy
from accounts.context import Context
from accounts.errors import NotFound
from accounts.names import is_text
from accounts.services import audit
from compute.hosts.models import Hypervisor
from compute.hosts.services import liveness, occupants
from compute.hosts.services.occupants import NOTHING, Amounts

NO_HOST = _("There is no host of this name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostUsage:
    """A hypervisor and the amounts that its occupants take."""

    hypervisor: Hypervisor
    used: Amounts


def all_for_admin(context: Context) -> QuerySet[Hypervisor]:
    """Return all hypervisors by name. Raise Forbidden."""
    policy.enforce(context, "hypervisor:read")
    return Hypervisor.objects.order_by("name")


def get(context: Context, name: object) -> Hypervisor:
    """Return the host with this name or id. Raise Forbidden, NotFound."""
    host = all_for_admin(context).filter(_called(name)).first()
    if host is None:
        raise NotFound(NO_HOST)
    return host


def listing(context: Context) -> list[HostUsage]:
    """Return all hypervisors by name with their usage, in two queries. Raise Forbidden."""
    return usage_of(all_for_admin(context))


def usage_of(hosts: Iterable[Hypervisor]) -> list[HostUsage]:
    """Return the usage of each host, in the same order. One query."""
    amounts = occupants.registered().amounts()
    return [HostUsage(hypervisor=host, used=amounts.get(host.pk, NOTHING)) for host in hosts]


@transaction.atomic
def enable(context: Context, name: object, enabled: bool, reason: str = "") -> Hypervisor:
    """Enable or disable the host with this name or id for new instances. Raise Forbidden, NotFound."""
    hypervisor = lock(context, name)
    hypervisor.enabled, hypervisor.disabled_reason = enabled, reason[:255]
    hypervisor.save(update_fields=["enabled", "disabled_reason"])
    audit.record(context, "hypervisor.update", hypervisor, enabled=enabled)
    return hypervisor


@transaction.atomic
def force_down(context: Context, name: object, forced: bool) -> Hypervisor:
    """Declare the host with this name or id down, or take that back. Raise Forbidden, NotFound."""
    hypervisor = lock(context, name)
    if hypervisor.forced_down != forced:
        hypervisor.forced_down = forced
        hypervisor.save(update_fields=["forced_down"])
        liveness.force_down(hypervisor)
        hypervisor.refresh_from_db(fields=["state", "state_reason"])
        audit.record(context, "hypervisor.update", hypervisor, forced_down=forced)
    return hypervisor


def lock(context: Context, name: object) -> Hypervisor:
    """Return the host with this name or id, locked, to change it. Raise Forbidden, NotFound."""
    policy.enforce(context, "hypervisor:write")
    hypervisor = Hypervisor.objects.select_for_update(no_key=True).filter(_called(name)).first()
    if hypervisor is None:
        raise NotFound(NO_HOST)
    return hypervisor


def _called(name: object) -> Q:
    try:
        return Q(pk=UUID(str(name)))
    except ValueError:
        return Q(name=name) if is_text(name) else Q(pk=None)
