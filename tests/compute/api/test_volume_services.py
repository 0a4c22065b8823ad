"""Services of the Block Storage API: the pools of a host take new volumes, or none."""

import pytest

from accounts.models import AuditEvent
from compute.hosts.models import Hypervisor, Pool
from tests import factories
from tests.compute.api.volume_calls import BlockStorage


@pytest.fixture
def host() -> Hypervisor:
    host = factories.HypervisorFactory(name="host-a")
    for name in ("pool", "fast"):
        factories.PoolFactory(name=name, hosts=[host])
    return host


def status_of(volumes: BlockStorage) -> tuple[str, str | None]:
    (row,) = volumes.get("os-services?binary=cinder-volume&host=host-a@directory")["services"]
    return row["status"], row["disabled_reason"]


@pytest.mark.parametrize("name", ["host-a", "host-a@directory"])
def test_off_for_a_reason_and_on_again(admin_volumes: BlockStorage, host: Hypervisor, name: str) -> None:
    service = {"host": name, "binary": "cinder-volume"}
    off = admin_volumes.put("os-services/disable-log-reason", service | {"disabled_reason": "new disks"})
    assert off == {
        "host": "host-a@directory",
        "service": "cinder-volume",
        "binary": "cinder-volume",
        "disabled": True,
        "status": "disabled",
        "disabled_reason": "new disks",
    }
    assert status_of(admin_volumes) == ("disabled", "new disks")
    assert not Pool.objects.filter(enabled=True).exists()
    Hypervisor.objects.get(name="host-a", enabled=True)  # instances come as before
    (_other, backup) = (row for row in admin_volumes.get("os-services")["services"] if "@" not in row["host"])
    assert backup["status"] == "enabled"

    on = admin_volumes.put("os-services/enable", service)
    assert (on["disabled"], on["status"], "disabled_reason" in on) == (False, "enabled", False)
    assert status_of(admin_volumes) == ("enabled", None)
    assert AuditEvent.objects.filter(action="pool.update").count() == 4


def test_one_pool_that_takes_volumes_is_enough(admin_volumes: BlockStorage, host: Hypervisor) -> None:
    Pool.objects.filter(name="fast").update(enabled=False, disabled_reason="full soon")
    assert status_of(admin_volumes) == ("enabled", None)


def test_what_is_refused(admin_volumes: BlockStorage, volumes: BlockStorage, host: Hypervisor) -> None:
    service = {"host": "host-a", "binary": "cinder-volume"}
    volumes.put("os-services/disable", service, 403)
    admin_volumes.put("os-services/stop", service, 404)
    admin_volumes.put("os-services/disable", service | {"host": "nowhere"}, 404)
    admin_volumes.put("os-services/disable", service | {"binary": "nova-compute"}, 404)
    admin_volumes.put("os-services/disable", {"binary": "cinder-volume"}, 400)
    admin_volumes.put("os-services/disable-log-reason", service, 400)
    answer = admin_volumes.put("os-services/disable", service | {"binary": "cinder-backup"}, 400)
    assert "Only cinder-volume" in answer["badRequest"]["message"]
    assert Pool.objects.filter(enabled=True).count() == 2


def test_what_the_storage_of_a_host_can_do(
    admin_volumes: BlockStorage, volumes: BlockStorage, host: Hypervisor
) -> None:
    for name in ("host-a@directory", "host-a", "host-a@directory%23fast"):
        found = admin_volumes.get(f"capabilities/{name}")
        assert (found["vendor_name"], found["volume_backend_name"]) == ("Meridian", "directory")
        assert found["namespace"] == "OS::Storage::Capabilities::host-a@directory"
        assert found["properties"]["thin_provisioning"]["type"] == "boolean"
    admin_volumes.get("capabilities/nowhere@directory", 404)
    volumes.get("capabilities/host-a@directory", 403)
