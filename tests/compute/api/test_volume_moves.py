"""Moves of volumes to other pools, as clients of the Block Storage API ask for them."""

import pytest

from accounts.models import Project
from compute.hosts.models import Hypervisor, Pool
from compute.volumes.models import DiskLayer, Volume
from tests import factories
from tests.compute.api.volume_calls import BlockStorage


@pytest.fixture
def volume(blue: Project) -> Volume:
    return factories.VolumeFactory(project=blue, name="data")


@pytest.fixture
def host(volume: Volume) -> Hypervisor:
    """That which reaches the volume."""
    assert volume.disk is not None
    return volume.disk.pool.hosts.get()


def test_a_move_to_another_pool(
    admin_volumes: BlockStorage, volumes: BlockStorage, volume: Volume, host: Hypervisor
) -> None:
    """Every refusal says why; the copy counts in the pool at once, and the status stays, as in Cinder."""
    fast = factories.PoolFactory(name="fast", hosts=[host], capacity_bytes=100 * 2**30)
    address = f"{host.name}@directory#fast"

    def move(host: str, status: int = 202) -> str:
        body = {"host": host, "force_host_copy": False, "lock_volume": False}
        answer = admin_volumes.act(volume.pk, "os-migrate_volume", body, status)
        return answer["badRequest"]["message"] if answer else ""

    volumes.act(volume.pk, "os-migrate_volume", {"host": address}, 403)
    for wrong in ("", "nowhere@directory#fast", "nowhere"):
        move(wrong, 400)
    assert "lies in" in move(str(volume.disk.pool_id), 400)
    far = factories.PoolFactory(name="far", capacity_bytes=2**40)
    assert "No host reaches" in move(str(far.pk), 400)
    for fields, reason in (
        ({"enabled": False}, "takes no new volumes"),
        ({"enabled": True, "state": "failed"}, "is not ready"),
        ({"state": "ready", "capacity_bytes": 2**29}, "GiB left"),
    ):
        Pool.objects.filter(pk=fast.pk).update(**fields)
        assert reason in move(address, 400)
    Pool.objects.filter(pk=fast.pk).update(capacity_bytes=2**40)
    move(address)
    shown = admin_volumes.get(f"volumes/{volume.pk}")["volume"]
    assert (shown["status"], shown["migration_status"]) == ("available", "migrating")
    assert [row["id"] for row in admin_volumes.get("volumes?status=available&all_tenants=1")["volumes"]] == [
        str(volume.pk)
    ]
    assert fast.disks.get().size_bytes == volume.disk.size_bytes
    volumes.act(volume.pk, "os-extend", {"new_size": 4}, 400)


def test_a_volume_with_snapshots_stays(admin_volumes: BlockStorage, volume: Volume, host: Hypervisor) -> None:
    fast = factories.PoolFactory(name="fast", hosts=[host], capacity_bytes=2**40)
    DiskLayer.objects.create(disk=volume.disk, file_name="below", size_bytes=1)
    refused = admin_volumes.act(volume.pk, "os-migrate_volume", {"host": str(fast.pk)}, 400)
    assert "It has snapshots" in refused["badRequest"]["message"]
