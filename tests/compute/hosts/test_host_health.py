"""What health says of each host, by rows and heartbeats alone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from compute.engine.models import Heartbeat
from compute.engine.services import heartbeats
from compute.hosts.models import Hypervisor
from compute.hosts.services import hypervisors, liveness
from compute.management import host_health
from compute.management.checks import Check
from compute.networks.models import Network
from tests.factories import HypervisorFactory

pytestmark = pytest.mark.django_db
FEATURES = ["secure_boot", "tpm", "uefi"]


@pytest.fixture
def well(db: None) -> Hypervisor:
    Network.objects.create(name="default", cidr="10.9.0.0/24", bridge="health0")
    host = HypervisorFactory(
        name="lab-1", seen_at=timezone.now(), disk_free_gib=40, features=FEATURES, libvirt_version="9.0.0"
    )
    for process in ("worker", "watch", "console"):
        Heartbeat.objects.create(process=process, host="lab-1", pid=1, at=timezone.now())
    return host


def found(host: str) -> dict[str, Check]:
    """Return the checks of one host by what they are about."""
    end = f" on {host}"
    return {check.name.removesuffix(end): check for check in host_health.checks() if check.name.endswith(end)}


def test_a_host_that_is_well(well: Hypervisor) -> None:
    checks = found("lab-1")
    assert [name for name, check in checks.items() if not check.ok] == []
    parts = {"Worker", "Watcher", "Console process", "Hypervisor", "Virtualization", "Guest hardware"}
    assert set(checks) == parts | {"Network default", "Storage"}
    assert "libvirt 9.0.0" in checks["Hypervisor"].detail


def test_what_is_wrong_is_said_of_its_host_with_the_repair(well: Hypervisor) -> None:
    now = timezone.now()
    HypervisorFactory(
        name="lab-2",
        seen_at=now,
        disk_free_gib=1,
        features=["uefi"],
        problems=[["network default", "It is off."]],
    )
    Heartbeat.objects.create(process="watch", host="lab-2", pid=1, at=now)
    Heartbeat.objects.create(process="console", host="lab-2", pid=1, at=now - timedelta(minutes=5))
    wrong = {name: check for name, check in found("lab-2").items() if not check.ok}
    assert set(wrong) == {"Worker", "Console process", "Guest hardware", "Network default", "Storage"}
    assert wrong["Network default"].detail == "It is off."
    assert wrong["Storage"].detail == "1 GiB free"
    assert all("lab-2" in check.fix for name, check in wrong.items() if name != "Storage")
    assert all(check.ok for check in found("lab-1").values())


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"state": "unreachable", "state_reason": "Its libvirt daemon does not answer."}, "libvirt daemon"),
        ({"state": "up", "seen_at": timezone.now() - timedelta(minutes=1)}, "its watcher says nothing"),
        ({"state": "up", "seen_at": None}, "its watcher says nothing"),
        ({"state": "unreachable", "state_reason": ""}, "not been seen yet"),
    ],
)
def test_of_a_host_that_is_away_nothing_else_is_claimed(values: dict[str, object], reason: str) -> None:
    HypervisorFactory(name="lab-3", **values)
    checks = found("lab-3")
    assert reason in checks["Hypervisor"].detail
    assert "lab-3" in checks["Hypervisor"].fix
    assert "Storage" not in checks


def test_a_watcher_heard_again_marks_its_host_as_up(well: Hypervisor) -> None:
    Hypervisor.objects.update(uri="test:///default", seen_at=timezone.now() - 2 * heartbeats.SILENT)
    liveness.mark_silent()
    well.refresh_from_db()
    assert well.state == Hypervisor.State.UNREACHABLE
    hypervisors.look(well)
    well.refresh_from_db()
    assert (well.state, well.state_reason) == (Hypervisor.State.UP, "")


def test_a_silent_worker_makes_its_host_unreachable_until_it_speaks(
    well: Hypervisor, settings: Settings
) -> None:
    settings.HOST = "lab-1"
    Heartbeat.objects.filter(process="worker").update(at=timezone.now() - 2 * heartbeats.SILENT)
    liveness.mark_silent()
    well.refresh_from_db()
    assert (well.state, "worker" in well.state_reason) == (Hypervisor.State.UNREACHABLE, True)
    liveness.libvirt_answers(well)
    well.refresh_from_db()
    assert well.state == Hypervisor.State.UNREACHABLE, "a libvirt that answers does no work"
    liveness.worker_speaks(well)
    well.refresh_from_db()
    assert (well.state, well.state_reason) == (Hypervisor.State.UP, "")


def test_a_worker_that_speaks_says_nothing_of_libvirt(well: Hypervisor, settings: Settings) -> None:
    settings.HOST = "lab-1"
    liveness.libvirt_is_away(well, "Its libvirt daemon does not answer.")
    liveness.worker_speaks(well)
    well.refresh_from_db()
    assert well.state == Hypervisor.State.UNREACHABLE
