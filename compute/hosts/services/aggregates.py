"""Host aggregates, and with them availability zones: the only writer of hypervisors' zones."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.locking import lock_all
from accounts.names import KEY, clean_name, is_text
from accounts.services import announcements, audit
from accounts.services.saving import save_unique
from compute.hosts.models import Aggregate, Hypervisor
from compute.hosts.services import occupants

ZONE_KEY = "availability_zone"
"""Nova shows the zone among the metadata, and takes it there too."""

MOST_METADATA = 128


class ZoneTaken(Conflict):
    """A host cannot come into a zone, or leave its own."""


def listing(context: Context) -> list[Aggregate]:
    """Return all aggregates with their hosts, in two queries. Raise Forbidden."""
    return list(_all_for_admin(context))


def get(context: Context, aggregate_id: object) -> Aggregate:
    """Return one aggregate with its hosts. Raise Forbidden, NotFound."""
    key = str(aggregate_id)
    primary_key = key if key.isascii() and key.isdigit() and len(key) < 10 else None
    aggregate = _all_for_admin(context).filter(pk=primary_key).first() if primary_key else None
    if aggregate is None:
        raise NotFound(_("Aggregate %(key)s could not be found.") % {"key": key[:64]})
    return aggregate


@transaction.atomic
def create(context: Context, name: object, zone: object = None) -> Aggregate:
    """Make an aggregate without hosts. Raise Forbidden, BadInput, or Conflict if the name is taken."""
    policy.enforce(context, "hypervisor:write")
    aggregate = Aggregate(name=clean_name(name), availability_zone=clean_zone(zone))
    _save(aggregate)
    audit.record(context, "aggregate.create", aggregate, zone=aggregate.availability_zone)
    announcements.changed("", "aggregates")
    return get(context, aggregate.pk)


@transaction.atomic
def update(context: Context, aggregate_id: object, data: Mapping[str, object]) -> Aggregate:
    """Change `name` and `availability_zone`. Raise Forbidden, NotFound, BadInput, Conflict."""
    aggregate = _lock(context, aggregate_id)
    if "name" in data:
        aggregate.name = clean_name(data["name"])
    if ZONE_KEY in data:
        _set_zone(aggregate, clean_zone(data[ZONE_KEY]))
    return _save_change(context, aggregate)


@transaction.atomic
def delete(context: Context, aggregate_id: object) -> Aggregate:
    """Delete an aggregate. Raise Forbidden, NotFound, or BadInput, as Nova does, if it has hosts."""
    aggregate = _lock(context, aggregate_id)
    if aggregate.hosts.exists():
        raise BadInput(
            _("Cannot delete aggregate %(id)s. Reason: Host aggregate is not empty.") % {"id": aggregate.pk}
        )
    audit.record(context, "aggregate.delete", aggregate, zone=aggregate.availability_zone)
    announcements.changed("", "aggregates")
    Aggregate.objects.filter(pk=aggregate.pk).delete()
    return aggregate


@transaction.atomic
def add_host(context: Context, aggregate_id: object, host: object) -> Aggregate:
    """Add a host. Raise Forbidden, NotFound, or Conflict if it is a member or in another zone."""
    aggregate, hypervisor = _lock(context, aggregate_id), _host(host)
    if aggregate.hosts.filter(pk=hypervisor.pk).exists():
        raise Conflict(
            _("Aggregate %(id)s already has host %(host)s.") % {"id": aggregate.pk, "host": hypervisor}
        )
    if aggregate.availability_zone:
        _move(hypervisor, aggregate.availability_zone, besides=aggregate)
    aggregate.hosts.add(hypervisor)
    return _save_change(context, aggregate, host=hypervisor.name)


@transaction.atomic
def remove_host(context: Context, aggregate_id: object, host: object) -> Aggregate:
    """Remove a host. Raise Forbidden, NotFound, or Conflict if instances on it asked for the zone."""
    aggregate, hypervisor = _lock(context, aggregate_id), _host(host)
    if not aggregate.hosts.filter(pk=hypervisor.pk).exists():
        raise NotFound(_("Aggregate %(id)s has no host %(host)s.") % {"id": aggregate.pk, "host": hypervisor})
    aggregate.hosts.remove(hypervisor)
    if aggregate.availability_zone:
        _move(hypervisor, "", besides=aggregate)
    return _save_change(context, aggregate, host=hypervisor.name)


@transaction.atomic
def set_metadata(context: Context, aggregate_id: object, data: object) -> Aggregate:
    """Set the keys; null removes one. Raise Forbidden, NotFound, BadInput, Conflict."""
    aggregate = _lock(context, aggregate_id)
    if not isinstance(data, Mapping):
        raise BadInput(fields={"metadata": _("Give an object of keys and texts.")})
    metadata = dict(aggregate.metadata)
    for key, value in data.items():
        if not KEY.has(key) or not (value is None or value == "" or is_text(value)):
            raise BadInput(fields={"metadata": _("Keys and values are texts of at most 255 characters.")})
        if key == ZONE_KEY:
            _set_zone(aggregate, clean_zone(value))
        elif value is None:
            metadata.pop(key, None)
        else:
            metadata[key] = value
    if len(metadata) > MOST_METADATA:
        raise BadInput(fields={"metadata": _("Keep at most %(most)s entries.") % {"most": MOST_METADATA}})
    aggregate.metadata = metadata
    return _save_change(context, aggregate)


@transaction.atomic
def arrange(
    context: Context,
    aggregate: Aggregate | None,
    *,
    name: object,
    zone: object,
    hosts: Collection[str],
    metadata: Mapping[str, str],
) -> Aggregate:
    """Set everything of an aggregate at once, a new one for None. Raise the errors of the single steps."""
    if aggregate is None:
        aggregate = create(context, name)
    before = {host.name for host in aggregate.hosts.all()}
    for host in sorted(before - set(hosts)):
        remove_host(context, aggregate.pk, host)
    update(context, aggregate.pk, {"name": name, ZONE_KEY: zone})
    for host in sorted(set(hosts) - before):
        add_host(context, aggregate.pk, host)
    return set_metadata(context, aggregate.pk, dict.fromkeys(aggregate.metadata) | dict(metadata))


def clean_zone(value: object) -> str:
    """Return the name of a zone, empty for None. Raise BadInput."""
    if value is None or value == "":
        return ""
    zone = clean_name(value, field=ZONE_KEY)
    if ":" in zone:
        raise BadInput(fields={ZONE_KEY: _("Zones have no colon in their names.")})
    return zone


def zones() -> dict[str, list[Hypervisor]]:
    """Return {zone: its hosts} by name, in one query. Without hosts, there is the default zone alone."""
    hosts_by_zone: dict[str, list[Hypervisor]] = {}
    for host in Hypervisor.objects.all():
        hosts_by_zone.setdefault(host.availability_zone, []).append(host)
    return dict(sorted(hosts_by_zone.items())) or {Hypervisor.DEFAULT_ZONE: []}


def _all_for_admin(context: Context) -> QuerySet[Aggregate]:
    policy.enforce(context, "hypervisor:read")
    return Aggregate.objects.prefetch_related("hosts")


def _lock(context: Context, aggregate_id: object) -> Aggregate:
    policy.enforce(context, "hypervisor:write")
    key = get(context, aggregate_id).pk
    # Several aggregates write zones of hosts, so only one transaction at a time may move a host.
    lock_all(Hypervisor.objects.select_for_update(no_key=True).order_by("pk"))
    return Aggregate.objects.select_for_update().get(pk=key)


def _host(name: object) -> Hypervisor:
    hypervisor = Hypervisor.objects.filter(name=name).first() if is_text(name) else None
    if hypervisor is None:
        raise NotFound(_("Compute host %(host)s could not be found.") % {"host": str(name)[:64]})
    return hypervisor


def _save(aggregate: Aggregate) -> None:
    save_unique(aggregate, _("Aggregate %(name)s already exists.") % {"name": aggregate.name})


def _set_zone(aggregate: Aggregate, zone: str) -> None:
    if zone != aggregate.availability_zone:
        for host in aggregate.hosts.all():
            _move(host, zone, besides=aggregate)
        aggregate.availability_zone = zone


def _move(host: Hypervisor, zone: str, *, besides: Aggregate) -> None:
    """Put the host into the zone, empty: the default one.

    Raise ZoneTaken if another aggregate or instances prevent it.
    """
    others = host.aggregates.exclude(pk=besides.pk).exclude(availability_zone="")
    other = others.values_list("availability_zone", flat=True).first()
    if other and zone and other != zone:
        raise ZoneTaken(
            _("%(host)s is in the availability zone %(zone)s already, by another aggregate.")
            % {"host": host, "zone": other}
        )
    zone = zone or other or ""
    if names := occupants.registered().bound_to_zone(host, zone or Hypervisor.DEFAULT_ZONE):
        raise ZoneTaken(
            _("Instances on %(host)s asked for its present availability zone: %(names)s.")
            % {"host": host, "names": ", ".join(names[:3])}
        )
    Hypervisor.objects.filter(pk=host.pk).update(zone=zone)


def _save_change(context: Context, aggregate: Aggregate, **detail: Any) -> Aggregate:
    aggregate.updated_at = timezone.now()
    _save(aggregate)
    audit.record(context, "aggregate.update", aggregate, zone=aggregate.availability_zone, **detail)
    announcements.changed("", "aggregates")
    return get(context, aggregate.pk)
