"""The choice of a pool for a new volume."""

from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.errors import Conflict
from accounts.locking import lock_all
from compute.engine.services import transitions
from compute.hosts.models import Hypervisor, Pool
from compute.hosts.services.extra_spec_matching import matches
from compute.volumes.models import Disk, Volume, VolumeType

NO_POOL = gettext_noop("No storage pool can take this volume.")
SCOPE = "capabilities:"
"""What the names of extra specs of types may begin with that pools must meet. Others with a colon are not theirs."""

GIB = 2**30


@transaction.atomic
def place(volume: Volume) -> Disk:
    """Give the volume a disk in the pool with the most free space that may take it. A placed one is success.

    A copy lies where its source lies, if it can. Raise Conflict with the reason of each pool.
    """
    if volume.disk is not None:
        return volume.disk
    reasons: list[str] = []
    source = source_pool(volume)
    pools = Pool.objects.prefetch_related("hosts").order_by("-available_bytes", "created_at")
    for pool in sorted(pools, key=lambda pool: pool != source):
        if not (reason := _locked_refusal(volume, pool)):
            return create_disk(volume, pool)
        reasons.append(reason)
    raise Conflict(f"{_(NO_POOL)} {' '.join(reasons) or _('There is no storage pool yet.')}")


def create_disk(volume: Volume, pool: Pool) -> Disk:
    """Make the row of the volume's disk in the pool."""
    disk = Disk.objects.create(pool=pool, role=Disk.Role.VOLUME, size_bytes=volume.size_gib * GIB)
    transitions.change(volume, disk=disk)
    return disk


def _locked_refusal(volume: Volume, pool: Pool) -> str:
    """Return why the pool cannot take the volume; empty if it can. A pool that can stays locked.

    One that cannot is unlocked, so that two placements that try pools in different orders do not deadlock.
    """
    with transaction.atomic():
        lock_all(Pool.objects.select_for_update(no_key=True).filter(pk=pool.pk))
        reason = refusal(volume, pool)
        if reason:
            transaction.set_rollback(True)
    return reason


def refusal(volume: Volume, pool: Pool) -> str:
    """Return why the pool cannot take the volume; empty if it can."""
    hosts = list(pool.hosts.all())
    if reason := closed_reason(pool):
        return reason
    source = source_pool(volume)
    if source not in {None, pool} and not set(hosts) & set(source.hosts.all()):
        return _("No host of %(pool)s reaches %(other)s, which has the data to copy.") % {
            "pool": pool,
            "other": source,
        }
    if reason := type_refusal(volume.type, pool):
        return reason
    if volume.requested_zone and volume.requested_zone not in {host.availability_zone for host in hosts}:
        return _("%(pool)s is not in the availability zone %(zone)s.") % {
            "pool": pool,
            "zone": volume.requested_zone,
        }
    if not any(host.enabled and host.state == Hypervisor.State.UP for host in hosts):
        return _("No host of %(pool)s is up and switched on.") % {"pool": pool}
    return shortage(pool, volume.size_gib * GIB)


def closed_reason(pool: Pool) -> str:
    """Return why the pool takes no new volumes, whatever they are; empty if it takes some."""
    if pool.state != Pool.State.READY:
        return _("%(pool)s is not ready.") % {"pool": pool}
    if not pool.enabled:
        return _("%(pool)s takes no new volumes.") % {"pool": pool}
    return ""


def source_pool(volume: Volume) -> Pool | None:
    """Return the pool with the disk that the volume is a copy of; None if it is no copy."""
    if volume.snapshot_id is not None:
        return Pool.objects.filter(disks__layers__snapshots=volume.snapshot_id).first()
    if volume.source_volume_id is not None:
        return Pool.objects.filter(disks__volume=volume.source_volume_id).first()
    return None


def type_refusal(volume_type: VolumeType, pool: Pool) -> str:
    """Return why volumes of the type cannot lie in the pool; empty if they can."""
    offered = capabilities(pool)
    for key, required in volume_type.extra_specs.items():
        name = key.removeprefix(SCOPE)
        if ":" not in name and not matches(str(offered.get(name, "")), str(required)):
            return _("%(pool)s does not meet %(key)s=%(value)s of the type.") % {
                "pool": pool,
                "key": name,
                "value": required,
            }
    return ""


def capabilities(pool: Pool) -> dict[str, str | bool]:
    """Return what types may ask for by their extra specs (Cinder, CapabilitiesFilter)."""
    return {
        "volume_backend_name": pool.name,
        "vendor_name": "Meridian",
        "driver_version": "1",
        "storage_protocol": "file",
        "thin_provisioning_support": True,
        "multiattach": False,
        "QoS_support": False,
    }


def shortage(pool: Pool, size_bytes: int) -> str:
    """Return why the pool has no room for so many bytes more; empty if it has."""
    ratio = min(host.disk_ratio for host in pool.hosts.all())
    used = pool.disks.aggregate(total=Sum("size_bytes", default=0))["total"]
    left = int(pool.capacity_bytes * ratio) - used
    if size_bytes <= left:
        return ""
    return _("%(pool)s has %(left)s GiB left, %(needed)s are needed.") % {
        "pool": pool,
        "left": max(left, 0) // GIB,
        "needed": -(-size_bytes // GIB),
    }


def host_id(pool: Pool) -> UUID | None:
    """Return the id of a host that reaches the pool; None if there is none."""
    return pool.hosts.order_by("name").values_list("pk", flat=True).first()


@transaction.atomic
def forget(volume: Volume) -> None:
    """Delete the row of the volume's disk, whose content is gone. None is success."""
    disk = volume.disk
    if disk is not None:
        transitions.change(volume, disk=None)
        disk.delete()
