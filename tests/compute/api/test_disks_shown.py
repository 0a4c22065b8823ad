"""Root, ephemeral and swap disks by the Compute API: each in its place, and all of them where room is counted."""

import pytest

from accounts.models import Project
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db


def test_the_compute_api_shows_each(admin: Compute, blue: Project) -> None:
    roomy = factories.FlavorFactory(disk_gib=1, ephemeral_gib=3, swap_mib=64)
    host = factories.HypervisorFactory()
    instance = factories.InstanceFactory(
        project=blue, flavor=roomy, ephemeral_gib=3, swap_mib=64, hypervisor=host
    )
    shown = admin.at("2.47").get(f"servers/{instance.pk}")["server"]["flavor"]
    assert (shown["disk"], shown["ephemeral"], shown["swap"]) == (1, 3, 64)
    shown = admin.get(f"flavors/{roomy.pk}")["flavor"]
    assert (shown["disk"], shown["OS-FLV-EXT-DATA:ephemeral"], shown["swap"]) == (1, 3, 64)
    assert admin.at("2.1").get("os-hypervisors/detail")["hypervisors"][0]["local_gb_used"] == 5
    usage = admin.at("2.1").get(f"os-simple-tenant-usage/{blue.pk}")["tenant_usage"]
    assert [row["local_gb"] for row in usage["server_usages"]] == [5]
