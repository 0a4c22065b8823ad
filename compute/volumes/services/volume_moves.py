"""Moves of volumes to other pools, in the rows."""

from contextlib import suppress
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.errors import BadInput, Conflict
from accounts.locking import lock_all
from accounts.names import is_text
from compute.hosts.models import Pool
from compute.volumes.models import Backup, Disk, Volume, VolumeType
from compute.volumes.services import volume_placement


class Unsuitable(Conflict):
    """The pool cannot take the volume."""


def blocker(volume: Volume) -> str:
    """Return why the volume cannot move, whatever the pool; empty if it can. Costs a query."""
    if volume.disk is None:
        return _("The volume has no disk.")
    if volume.disk.layer_id is not None or volume.disk.layers.exists():
        return _("It has snapshots, which lie where it lies. Delete them first.")
    return ""


def targets(volume: Volume) -> QuerySet[Pool]:
    """Return the other pools of the hosts that reach the volume, those with the most free space first."""
    if volume.disk is None:
        return Pool.objects.none()
    rows = Pool.objects.filter(hosts__in=volume.disk.pool.hosts.all()).exclude(pk=volume.disk.pool_id)
    return rows.distinct().prefetch_related("hosts").order_by("-available_bytes", "created_at")


def refusal(volume: Volume, pool: Pool, volume_type: VolumeType) -> str:
    """Return why the volume, with this type, cannot move to the pool; empty if it can."""
    if volume.disk is None or pool.pk == volume.disk.pool_id:
        return _("The volume lies in %(pool)s already.") % {"pool": pool}
    if not set(pool.hosts.all()) & set(volume.disk.pool.hosts.all()):
        return _("No host reaches %(pool)s and the pool of the volume.") % {"pool": pool}
    return (
        volume_placement.closed_reason(pool)
        or volume_placement.type_refusal(volume_type, pool)
        or volume_placement.shortage(pool, volume.disk.size_bytes)
    )


def find_pool(key: object) -> Pool:
    """Return the pool with this id, name, or Cinder's name: `host@backend#pool`. Raise BadInput naming `pool`."""
    text = str(key or "")
    host, at, rest = text.partition("@")
    name = rest.partition("#")[2] if at else text
    rows = Pool.objects.filter(name=name) if is_text(name) else Pool.objects.none()
    if at:
        rows = rows.filter(hosts__name=host) if is_text(host) else rows.none()
    with suppress(ValueError):
        rows = rows or Pool.objects.filter(pk=UUID(text))
    pools = list(rows.distinct()[:2])
    if len(pools) == 1:
        return pools[0]
    sentence = _("Several pools are called %(name)s.") if pools else _("There is no storage pool %(name)s.")
    raise BadInput(fields={"pool": sentence % {"name": text[:128]} if text else _("Choose a storage pool.")})


@transaction.atomic
def prepare(volume: Volume, pool: Pool, volume_type: VolumeType) -> Disk:
    """Make the row of the volume's copy in the pool. Raise Unsuitable with the reason, Conflict."""
    if reason := blocker(volume):
        raise Conflict(reason)
    lock_all(Pool.objects.select_for_update(no_key=True).filter(pk=pool.pk))
    if reason := refusal(volume, pool, volume_type):
        raise Unsuitable(reason)
    size = volume.disk.size_bytes if volume.disk else 0
    return Disk.objects.create(pool=pool, role=Disk.Role.COPY, size_bytes=size)


@transaction.atomic
def exchange(disk: Disk, copy: Disk) -> None:
    """Let the disk go on in the copy's volume; the copy's row has what the disk had, to be deleted.

    QEMU copies what notes the changes since a backup. What was copied without a guest has none.
    """
    noted = copy.volume_name if copy.file_name else ""
    Backup.objects.filter(disk=disk, checkpoint_in=disk.volume_name).update(checkpoint_in=noted)
    new = {"pool": copy.pool, "file_name": copy.volume_name, "image": None}
    old = {"pool": disk.pool, "file_name": disk.volume_name, "image": disk.image}
    for row, values in ((disk, new), (copy, old | {"role": Disk.Role.REPLACED})):
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))
