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
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
def test_the_cloud_is_out_of_reach(
    blue: Project, server: Instance, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """Of the domain's own projects too."""
    user = factories.UserFactory(name="dean")
    factories.AssignmentFactory(user=user, project=None, domain=blue.domain, role__name="admin")
    dean = Compute(issue(user, ["password"], Scope(domain=blue.domain)).text)
    address = path.replace("SERVER", str(server.pk)).replace("PROJECT", blue.id)
    assert dean.call(method, address, body).status_code == 403
