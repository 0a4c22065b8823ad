"""Lists by the Compute, Image and Network APIs: pages are cut by the database, whatever they are sorted by."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Project, User
from compute.instances.models import Instance, Keypair
from compute.networks.models import Network
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db

LISTS = {
    "servers": ("2.73", "servers", "compute_instance"),
    "servers/detail": ("2.73", "servers", "compute_instance"),
    "flavors": ("2.1", "flavors", "compute_flavor"),
    "flavors/detail": ("2.61", "flavors", "compute_flavor"),
    "os-keypairs": ("2.35", "keypairs", "compute_keypair"),
    "os-hypervisors": ("2.53", "hypervisors", "compute_hypervisor"),
    "os-hypervisors/detail": ("2.33", "hypervisors", "compute_hypervisor"),
    "os-migrations": ("2.59", "migrations", "compute_operation"),
    "os-simple-tenant-usage": ("2.40", "tenant_usages", "accounts_project"),
    "images": ("2.1", "images", "compute_image"),
    "images/detail": ("2.1", "images", "compute_image"),
    "/image/v2/images": ("2.1", "images", "compute_image"),
    "/network/v2.0/networks": ("2.1", "networks", "compute_network"),
    "/network/v2.0/subnets": ("2.1", "subnets", "compute_network"),
}
"""Path → microversion, name of the list, table."""


def make(root: User, blue: Project, number: int) -> None:
    """Make so many of everything that is listed."""
    for each in range(number):
        host = factories.HypervisorFactory()
        instance = factories.InstanceFactory(project=blue, hypervisor=host)
        factories.PortFactory(instance=instance, network=factories.NetworkFactory())
        factories.OperationFactory(instance=instance, kind="instance.resize", state="succeeded")
        factories.InstanceFactory(project=factories.ProjectFactory())
        Keypair.objects.create(user=root, name=f"key-{Keypair.objects.count()}-{each}", public_key="x")
    Instance.objects.update(launched_at=timezone.now() - timedelta(hours=1))


def walk(api: Compute, path: str, plural: str, limit: int) -> list[dict[str, Any]]:
    """Return all rows, page by page."""
    rows: list[dict[str, Any]] = []
    following = f"{path}{'&' if '?' in path else '?'}limit={limit}"
    for _page in range(60):
        body = api.get(following)
        assert len(body[plural]) <= limit
        rows += body[plural]
        links = body.get(f"{plural}_links")
        href = links[0]["href"] if links else body.get("next")
        if not href:
            return rows
        following = ("/image" if href.startswith("/v2") else "") + re.sub(r"^https?://[^/]+", "", href)
    raise AssertionError("the pages have no end")


@pytest.mark.parametrize("path", LISTS)
def test_pages_hold_every_row_once(admin: Compute, root: User, blue: Project, path: str) -> None:
    make(root, blue, 5)
    version, plural, _table = LISTS[path]
    api = admin.at(version)
    whole = api.get(path)[plural]
    assert len(whole) >= 5
    for limit in (1, 2, 100):
        found = walk(api, path, plural, limit)
        if plural == "tenant_usages":
            # Time goes on, and usage with it.
            assert [row["tenant_id"] for row in found] == [row["tenant_id"] for row in whole]
        else:
            assert found == whole
    api.get(f"{path}?marker=nobody%00", 400)
    api.get(f"{path}?limit=-1", 400)


@pytest.mark.parametrize("path", LISTS)
def test_a_page_costs_the_same_in_a_long_list(admin: Compute, root: User, blue: Project, path: str) -> None:
    """The database reads no more rows than the page has, plus one."""
    version, plural, table = LISTS[path]
    api = admin.at(version)
    counts = []
    for number in (4, 12):
        make(root, blue, number)
        first = api.get(f"{path}?limit=2")
        href = (first.get(f"{plural}_links") or [{"href": first.get("next")}])[0]["href"]
        with CaptureQueriesContext(connection) as queries:
            api.get(f"{path}?{href.partition('?')[2]}")
        counts.append(len(queries))
        (page,) = [
            query["sql"]
            for query in queries
            if f'FROM "{table}"' in query["sql"] and query["sql"].endswith("LIMIT 3")
        ]
        assert page
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize("way", ["asc", "desc"])
@pytest.mark.parametrize(
    "key", ["task_state", "launched_at", "host", "project_id", "image_ref", "display_name"]
)
def test_servers_sorted_by_what_some_lack(admin: Compute, blue: Project, key: str, way: str) -> None:
    """Rows without a value are the smallest, and none gets lost between two pages."""
    for number in range(3):
        factories.InstanceFactory(project=blue, hypervisor=factories.HypervisorFactory(), image=None)
        factories.InstanceFactory(
            project=blue, task_state="powering-off" if number else None, launched_at=None
        )
    path = f"servers?sort_key={key}&sort_dir={way}"
    whole = admin.get(path)["servers"]
    assert len(whole) == 6
    assert walk(admin, path, "servers", 1) == whole
    other = admin.get(f"servers?sort_key={key}&sort_dir={'asc' if way == 'desc' else 'desc'}")["servers"]
    assert whole == other[::-1]


def test_pages_of_one_usage(admin: Compute, root: User, blue: Project) -> None:
    make(root, blue, 5)
    path, api = f"os-simple-tenant-usage/{blue.id}", admin.at("2.40")
    whole = api.get(path)["tenant_usage"]["server_usages"]
    first = api.get(f"{path}?limit=3")
    href = first["tenant_usage_links"][0]["href"]
    second = api.get(f"{path}?{href.partition('?')[2]}")
    found = first["tenant_usage"]["server_usages"] + second["tenant_usage"]["server_usages"]
    assert [row["instance_id"] for row in found] == [row["instance_id"] for row in whole]
    assert len(whole) == 5


NETWORK_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "name=two": lambda row: row["name"] == "two",
    "name=ONE&name=two": lambda row: True,
    "shared=False": lambda row: not row["shared"],
    "shared=true&shared=false": lambda row: True,
    "tenant_id=": lambda row: row["tenant_id"] == "",
    "status=ACTIVE": lambda row: True,
    "status=DOWN": lambda row: False,
    "router:external=True": lambda row: False,
    "mtu=1500": lambda row: True,
    "id=nonsense": lambda row: False,
    "created_at=nonsense": lambda row: False,
    "unknown=1": lambda row: True,
}


@pytest.mark.parametrize("query", NETWORK_FILTERS)
def test_every_field_of_a_network_is_a_filter(admin: Compute, blue: Project, query: str) -> None:
    factories.NetworkFactory(name="one", cidr="10.48.0.0/20")
    factories.NetworkFactory(name="two", cidr="10.49.0.0/24", project=blue)
    whole = admin.get("/network/v2.0/networks")["networks"]
    found = admin.get(f"/network/v2.0/networks?{query}")["networks"]
    assert found == [row for row in whole if NETWORK_FILTERS[query](row)]


@pytest.mark.parametrize(
    "field", ["id", "network_id", "cidr", "gateway_ip", "name", "project_id", "created_at"]
)
def test_subnets_are_found_by_each_field(admin: Compute, blue: Project, field: str) -> None:
    factories.NetworkFactory(name="one", cidr="10.48.0.0/20")
    factories.NetworkFactory(name="two", cidr="10.49.0.0/24", project=blue)
    Network.objects.filter(name="one").update(created_at=timezone.now() - timedelta(days=1))
    for row in admin.get("/network/v2.0/subnets")["subnets"]:
        assert admin.get(f"/network/v2.0/subnets?{field}={row[field]}")["subnets"] == [row]
        assert admin.get(f"/network/v2.0/subnets/{row['id']}")["subnet"] == row
        assert row["id"] != row["network_id"]
    assert admin.get(f"/network/v2.0/subnets?{field}=x%00")["subnets"] == []


def test_networks_are_sorted_as_asked(admin: Compute) -> None:
    for name in ("b", "c", "a"):
        factories.NetworkFactory(name=name)
    rows = admin.get("/network/v2.0/networks?sort_key=name&sort_dir=desc")["networks"]
    assert [row["name"] for row in rows] == ["c", "b", "a"]
    admin.get("/network/v2.0/networks?sort_key=password", 400)


@pytest.mark.parametrize(
    "path", [path for path in LISTS if not path.startswith("/network")]
)  # there it means all
def test_a_limit_of_zero_returns_nothing(admin: Compute, root: User, blue: Project, path: str) -> None:
    make(root, blue, 2)
    version, plural, _table = LISTS[path]
    body = admin.at(version).get(f"{path}?limit=0")
    assert body[plural] == []
    assert f"{plural}_links" not in body
