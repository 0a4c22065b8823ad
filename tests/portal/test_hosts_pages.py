"""Hosts and the whole cloud, as administrators see them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Project, Quota, User
from compute.engine.models import Operation
from compute.hosts.models import Hypervisor
from compute.hosts.services import host_usage
from compute.hosts.services.occupants import NOTHING, Amounts
from compute.instances.models import Instance
from portal.host_lines import Gauge, make_line, total
from tests import factories
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def host(db: None) -> Hypervisor:
    return factories.HypervisorFactory(name="host-a", vcpus=4, memory_mib=8192, disk_gib=100)


@pytest.fixture
def web(alice: User, blue: Project, host: Hypervisor) -> Instance:
    return factories.InstanceFactory(project=blue, user=alice, name="web", hypervisor=host)


def read(user: User, path: str) -> str:
    answer = signed_in(user).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_gauge_counts_overcommitment(host: Hypervisor) -> None:
    host.vcpu_ratio, host.memory_ratio = 2, 1.5
    line = make_line(host_usage.HostUsage(hypervisor=host, used=Amounts(vcpus=4, ram_mib=512, running=2)))
    assert [(gauge.used, gauge.total) for gauge in line.gauges][:2] == [(4, 8), (512, 12288)]
    assert line.gauges[0].percent == 50
    assert line.running == 2


@pytest.mark.parametrize(("used", "there", "percent"), [(0, 0, 0), (1, 0, 100), (5, 4, 100), (1, 3, 33)])
def test_a_bar_never_leaves_its_frame(used: int, there: int, percent: int) -> None:
    assert Gauge(label="x", used=used, total=there).percent == percent


def test_only_hosts_that_take_instances_count_together(host: Hypervisor) -> None:
    off = factories.HypervisorFactory(vcpus=8, enabled=False)
    away = factories.HypervisorFactory(vcpus=8, state=Hypervisor.State.UNREACHABLE)
    rows = [host_usage.HostUsage(hypervisor=row, used=NOTHING) for row in (host, off, away)]
    for row in (host, off, away):
        row.vcpu_ratio = 1
    assert total([make_line(row) for row in rows])[0].total == 4
    assert [gauge.total for gauge in total([])] == [0, 0, 0]


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({}, "Up"),
        ({"enabled": False}, "Takes no new instances"),
        ({"state": "unreachable"}, "Does not answer"),
        ({"forced_down": True, "state": "unreachable"}, "Declared down"),
    ],
)
def test_the_state_of_a_host(root: User, host: Hypervisor, fields: dict[str, Any], label: str) -> None:
    Hypervisor.objects.update(**fields)
    for path in ("/hosts/", f"/hosts/{host.pk}/"):
        assert f">{label}</span>" in read(root, path)


def test_a_host_with_its_guests(root: User, web: Instance, host: Hypervisor) -> None:
    page = read(root, f"/hosts/{host.pk}/")
    assert f'href="/instances/{web.pk}/"' in page
    assert "blue" in page
    assert signed_in(root).get("/hosts/00000000-0000-4000-8000-000000000000/").status_code == 404


def test_a_host_is_switched_off_and_declared_down(root: User, host: Hypervisor) -> None:
    client = signed_in(root)
    assert (
        client.post(f"/hosts/{host.pk}/enabled/", {"enabled": "false", "reason": "repair"}).status_code == 302
    )
    assert client.post(f"/hosts/{host.pk}/down/", {"forced": "true"}).status_code == 302
    host.refresh_from_db()
    assert (host.enabled, host.disabled_reason, host.forced_down) == (False, "repair", True)
    client.post(f"/hosts/{host.pk}/enabled/", {"enabled": "true"})
    client.post(f"/hosts/{host.pk}/down/", {"forced": "false"})
    host.refresh_from_db()
    assert (host.enabled, host.forced_down) == (True, False)


def test_the_cloud_names_what_needs_somebody(root: User, web: Instance, blue: Project) -> None:
    Quota.objects.create(project=blue, resource="instances", limit=1)
    factories.OperationFactory(
        instance=web,
        state=Operation.State.FAILED,
        finished_at=timezone.now(),
        error={"code": "x", "message": "The disk is full."},
    )
    factories.OperationFactory(
        instance=web,
        state=Operation.State.FAILED,
        finished_at=timezone.now() - timedelta(days=2),
        error={"code": "x", "message": "Long ago."},
    )
    page = read(root, "/cloud/")
    assert "The disk is full." in page
    assert "Long ago." not in page
    assert "Instances: 1 / 1" in " ".join(page.split())
    assert f'href="/projects/{blue.pk}/"' in page


def test_an_empty_cloud_says_so(root: User) -> None:
    page = read(root, "/cloud/")
    for sentence in ("No project has used more than four fifths of a limit.", "Nothing failed."):
        assert sentence in page
    assert "No hosts yet" in read(root, "/hosts/")


@pytest.mark.parametrize("path", ["/cloud/", "/hosts/"])
def test_many_cost_as_many_queries_as_one(
    root: User, web: Instance, path: str, django_assert_num_queries: Any
) -> None:
    client = signed_in(root)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    for _number in range(5):
        factories.InstanceFactory(
            hypervisor=factories.HypervisorFactory(), project=factories.ProjectFactory()
        )
    with django_assert_num_queries(len(captured)):
        client.get(path)


def test_they_are_not_for_members(alice: User, host: Hypervisor) -> None:
    client = signed_in(alice)
    for path in ("/cloud/", "/hosts/", f"/hosts/{host.pk}/"):
        assert client.get(path).status_code == 403
    for path in ("enabled", "down"):
        assert client.post(f"/hosts/{host.pk}/{path}/").status_code == 403
    assert "/cloud/" not in client.get("/").content.decode()
