"""Who administers a domain administers nothing of the cloud, by a token of that scope."""

from typing import Any

import pytest

from accounts.models import Project
from accounts.services.tokens import Scope, issue
from compute.instances.models import Instance
from tests import factories
from tests.compute.api.compute_calls import Compute

FLAVOR = {"flavor": {"name": "huge", "ram": 1024, "vcpus": 1, "disk": 1}}
AGGREGATE = {"aggregate": {"name": "rack"}}
ASKED = [
    ("GET", "servers", None),
    ("GET", "servers/detail?all_tenants=1", None),
    ("GET", "flavors", None),
    ("POST", "flavors", FLAVOR),
    ("DELETE", "flavors/1", None),
    ("GET", "os-hypervisors", None),
    ("GET", "os-services", None),
    ("GET", "os-aggregates", None),
    ("POST", "os-aggregates", AGGREGATE),
    ("GET", "os-hosts", None),
    ("GET", "os-migrations", None),
    ("GET", "os-simple-tenant-usage", None),
    ("GET", "servers/SERVER", None),
    ("DELETE", "servers/SERVER", None),
    ("POST", "servers/SERVER/action", {"os-stop": None}),
    ("GET", "os-quota-sets/PROJECT", None),
    ("PUT", "os-quota-sets/PROJECT", {"quota_set": {"cores": 100}}),
    ("GET", "/image/v2/images", None),
    ("POST", "/image/v2/images", {"name": "mine", "visibility": "public"}),
    ("DELETE", "/image/v2/images/IMAGE", None),
    ("GET", "/network/v2.0/networks", None),
    ("GET", "/volume/v3/volumes/detail?all_tenants=1", None),
    ("POST", "/volume/v3/volumes", {"volume": {"size": 1}}),
    ("GET", "/volume/v3/types", None),
    ("POST", "/volume/v3/types", {"volume_type": {"name": "fast"}}),
    ("GET", "/volume/v3/snapshots", None),
    ("GET", "/volume/v3/backups", None),
    ("GET", "/volume/v3/os-services", None),
    ("PUT", "/volume/v3/os-services/disable", {"host": "host-a", "binary": "cinder-volume"}),
    ("GET", "/volume/v3/scheduler-stats/get_pools", None),
    ("PUT", "/volume/v3/os-quota-sets/PROJECT", {"quota_set": {"volumes": 100}}),
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
def test_the_cloud_is_out_of_reach(
    blue: Project, server: Instance, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """Of the domain's own projects too."""
    user = factories.UserFactory(name="dean")
    factories.AssignmentFactory(user=user, project=None, domain=blue.domain, role__name="admin")
    dean = Compute(issue(user, ["password"], Scope(domain=blue.domain)).text)
    ids = {"SERVER": str(server.pk), "PROJECT": blue.id, "IMAGE": str(server.image_id)}
    for name, key in ids.items():
        path = path.replace(name, key)
    assert dean.call(method, path, body).status_code == 403


ALL = [
    "servers/detail?all_tenants=1",
    "os-hypervisors",
    "os-services",
    "os-aggregates",
    "/image/v2/images",
    "/network/v2.0/networks",
    "/volume/v3/volumes/detail?all_tenants=1",
    "/volume/v3/snapshots/detail?all_tenants=1",
    "/volume/v3/backups/detail?all_tenants=1",
    "/volume/v3/os-services",
]


@pytest.mark.parametrize("path", ALL)
def test_the_cloud_is_administered_by_system_scope(server: Instance, path: str) -> None:
    user = factories.UserFactory(name="operator")
    factories.AssignmentFactory(user=user, project=None, domain=None, role__name="admin")
    operator = Compute(issue(user, ["password"], Scope(system=True)).text)
    rows = operator.get(path)
    if path.startswith("servers"):
        assert [row["id"] for row in rows["servers"]] == [str(server.pk)]
