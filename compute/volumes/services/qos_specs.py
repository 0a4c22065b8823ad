"""QoS specs of volume types, which administrators make, and the limits that follow for a volume."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.names import KEY, clean_name, is_text
from accounts.services import audit
from compute.driver.specs.hardware import DISK_LIMITS, DiskLimits
from compute.volumes.models import QosSpecs, Volume, VolumeType
from compute.volumes.services import volume_types

PER_GB, LEAST = "_per_gb", "_per_gb_min"
NUMBERS = frozenset(f"{name}{suffix}" for name in DISK_LIMITS for suffix in ("", PER_GB, LEAST))
"""The specs that QEMU can meet (Cinder, capacity based QoS). Others are kept, and have no effect."""

DIGITS = 12


def all_for_admin(context: Context) -> QuerySet[QosSpecs]:
    """Return all QoS specs, newest first. Raise Forbidden."""
    policy.enforce(context, "qos_specs:read")
    return QosSpecs.objects.all()


def get(context: Context, key: object) -> QosSpecs:
    """Return the QoS specs with this id. Raise Forbidden, NotFound."""
    return _one(all_for_admin(context), key)


@transaction.atomic
def create(context: Context, name: object, consumer: object, specs: object) -> QosSpecs:
    """Make QoS specs. Raise Forbidden, BadInput, Conflict."""
    policy.enforce(context, "qos_specs:write")
    name = clean_name(name)
    if consumer not in QosSpecs.Consumer.values:
        choices = ", ".join(QosSpecs.Consumer.values)
        raise BadInput(fields={"consumer": _("Say one of %(choices)s.") % {"choices": choices}})
    if QosSpecs.objects.filter(name=name).exists():
        raise Conflict(_("There are QoS specs %(name)s already.") % {"name": name})
    row = QosSpecs.objects.create(name=name, consumer=consumer, specs=_clean(specs))
    audit.record(context, "qos_specs.create", row)
    return row


@transaction.atomic
def set_specs(context: Context, key: object, specs: object) -> QosSpecs:
    """Add or replace specs. Disks have them once they are attached anew. Raise Forbidden, NotFound, BadInput."""
    row = _locked(context, key)
    return _save(context, row, row.specs | _clean(specs))


@transaction.atomic
def replace_specs(context: Context, key: object, specs: object) -> QosSpecs:
    """Set the specs to exactly these. Raise Forbidden, NotFound, BadInput."""
    return _save(context, _locked(context, key), _clean(specs))


@transaction.atomic
def delete_specs(context: Context, key: object, names: Iterable[str]) -> QosSpecs:
    """Remove specs. Raise Forbidden, NotFound, BadInput."""
    row, names = _locked(context, key), list(names)
    for name in names:
        if name not in row.specs:
            raise BadInput(fields={"keys": _("There is no spec %(name)s.") % {"name": name[:64]}})
    return _save(context, row, {name: value for name, value in row.specs.items() if name not in names})


@transaction.atomic
def delete(context: Context, key: object, *, force: bool = False) -> None:
    """Delete QoS specs, with `force` also those that types have. Raise Forbidden, NotFound, BadInput."""
    row = _locked(context, key)
    if not force and row.types.exists():
        raise BadInput(_("Volume types have %(specs)s. Take it from them first.") % {"specs": row})
    audit.record(context, "qos_specs.delete", row)
    row.delete()


@transaction.atomic
def associate(context: Context, key: object, type_key: object) -> None:
    """Give a type these QoS specs. Raise Forbidden, NotFound, BadInput if it has others."""
    row = _locked(context, key)
    chosen = _locked_type(context, type_key)
    if chosen.qos_specs_id not in {None, row.pk}:
        raise BadInput(_("%(type)s has other QoS specs already.") % {"type": chosen})
    _set(context, chosen, row)


@transaction.atomic
def assign(context: Context, type_key: object, key: object) -> None:
    """Give a type these QoS specs in place of any others; none if `key` is empty. Raise Forbidden, NotFound."""
    row = _locked(context, key) if key else None
    chosen = _locked_type(context, type_key)
    if chosen.qos_specs_id != (row.pk if row else None):
        _set(context, chosen, row)


@transaction.atomic
def disassociate(context: Context, key: object, type_key: object) -> None:
    """Take these QoS specs from a type. Raise Forbidden, NotFound."""
    row = _locked(context, key)
    chosen = _locked_type(context, type_key)
    if chosen.qos_specs_id == row.pk:
        _set(context, chosen, None)


@transaction.atomic
def disassociate_all(context: Context, key: object) -> None:
    """Take these QoS specs from all types. Raise Forbidden, NotFound."""
    row = _locked(context, key)
    for chosen in row.types.select_for_update():
        _set(context, chosen, None)


def limits_of(volume: Volume) -> DiskLimits | None:
    """Return the limits of the volume's disk, by its type and size; None if its type has none for QEMU."""
    row = volume.type.qos_specs
    if row is None or row.consumer == QosSpecs.Consumer.BACK_END:
        return None
    limits = {name: _limit(row.specs, name, volume.size_gib) for name in DISK_LIMITS}
    if not any(limits.values()):
        return None
    for unit in ("bytes", "iops"):
        if limits[f"total_{unit}_sec"]:  # QEMU takes the sum or its parts
            limits |= {f"read_{unit}_sec": None, f"write_{unit}_sec": None}
    return DiskLimits(**limits)


def _limit(specs: Mapping[str, str], name: str, size_gib: int) -> int | None:
    if per_gb := int(specs.get(f"{name}{PER_GB}", 0)):
        return max(per_gb * size_gib, int(specs.get(f"{name}{LEAST}", 0)))
    return int(specs.get(name, 0)) or None


def _clean(specs: object) -> dict[str, str]:
    """Return specs as texts. Raise BadInput naming the wrong one."""
    if not isinstance(specs, Mapping):
        raise BadInput(fields={"qos_specs": _("Give an object of keys and texts.")})
    for key, value in specs.items():
        if not KEY.has(key):
            raise BadInput(fields={"qos_specs": f"{key}: {KEY.sentence}"})
        if not is_text(value):
            raise BadInput(fields={key: _("Values are texts of at most 255 characters.")})
        if key in NUMBERS and not (value.isascii() and value.isdigit() and len(value) <= DIGITS):
            raise BadInput(
                fields={key: _("Give a whole number of at most %(most)s digits.") % {"most": DIGITS}}
            )
    return dict(specs)


def _save(context: Context, row: QosSpecs, specs: dict[str, str]) -> QosSpecs:
    row.specs = specs
    row.save(update_fields=["specs"])
    audit.record(context, "qos_specs.update", row)
    return row


def _set(context: Context, chosen: VolumeType, row: QosSpecs | None) -> None:
    chosen.qos_specs = row
    chosen.save()
    audit.record(context, "volume_type.update", chosen, qos_specs=str(row or ""))


def _one(rows: QuerySet[QosSpecs], key: object) -> QosSpecs:
    try:
        return rows.get(pk=UUID(str(key)))
    except (QosSpecs.DoesNotExist, ValueError) as error:
        raise NotFound(_("QoS specs %(key)s could not be found.") % {"key": str(key)[:64]}) from error


def _locked(context: Context, key: object) -> QosSpecs:
    policy.enforce(context, "qos_specs:write")
    return _one(QosSpecs.objects.select_for_update(), key)


def _locked_type(context: Context, key: Any) -> VolumeType:
    row = volume_types.get(context, key)
    return VolumeType.objects.select_for_update().get(pk=row.pk)
