"""Root, ephemeral and swap disks count together: against quotas and on hosts."""

from collections.abc import Callable

import pytest
from django.db.models import F

from accounts.context import Context
from accounts.errors import BadInput, Conflict, OverQuota
from accounts.models import Quota
from accounts.services import quotas
from compute.hosts.services import occupants
from compute.instances.actions import begin
from compute.instances.actions.launch import launch
from compute.instances.models import Flavor, Instance
from compute.instances.services import resources, scheduler
from compute.instances.services.disk_sizes import TOTAL_GIB, total_gib
from compute.instances.services.launch_request import LaunchRequest
from compute.instances.states import VmState
from tests import factories

pytestmark = pytest.mark.django_db
TOTALS = [
    (1, 0, 0, 1),
    (1, 2, 0, 3),
    (1, 0, 1, 2),
    (1, 0, 1023, 2),
    (1, 0, 1024, 2),
    (1, 0, 1025, 3),
    (10, 20, 4096, 34),
    (0, 0, 0, 0),
]
"""Root GiB, ephemeral GiB, swap MiB, all in GiB."""


@pytest.fixture
def roomy(db: None) -> Flavor:
    """5 GiB in all."""
    return factories.FlavorFactory(disk_gib=1, ephemeral_gib=3, swap_mib=64)


@pytest.mark.parametrize(("disk", "ephemeral", "swap", "total"), TOTALS)
def test_rows_and_database_count_alike(disk: int, ephemeral: int, swap: int, total: int) -> None:
    instance = factories.InstanceFactory(disk_gib=disk, ephemeral_gib=ephemeral, swap_mib=swap)
    assert total_gib(instance) == total
    assert Instance.objects.annotate(total=TOTAL_GIB).filter(total=F("total")).get().total == total


def test_the_quota_counts_all_of_it(
    as_alice: Context, request_for: Callable[..., LaunchRequest], roomy: Flavor
) -> None:
    Quota.objects.create(project=as_alice.project, resource="gigabytes", limit=9)
    assert resources.amounts(roomy, 2)["gigabytes"] == 10
    with pytest.raises(OverQuota) as refused:
        launch(as_alice, request_for(flavor_id=roomy.pk, count=2))
    assert [(row.resource, row.left, row.requested) for row in refused.value.shortages] == [
        ("gigabytes", 9, 10)
    ]
    (instance,) = launch(as_alice, request_for(flavor_id=roomy.pk))
    assert (instance.disk_gib, instance.ephemeral_gib, instance.swap_mib) == (1, 3, 64)
    usage = {row.resource.name: row.used for row in quotas.project_usage(as_alice.project)}
    assert usage["gigabytes"] == 5


def test_a_resize_and_a_clone_reserve_what_grows(as_alice: Context, roomy: Flavor) -> None:
    instance = factories.InstanceFactory(project=as_alice.project, disk_gib=1)
    Quota.objects.create(project=as_alice.project, resource="gigabytes", limit=4)
    with pytest.raises(OverQuota) as refused:
        begin(as_alice, "instance.resize", instance.pk, parameters={"flavor_id": roomy.pk})
    assert [(row.resource, row.left, row.requested) for row in refused.value.shortages] == [
        ("gigabytes", 3, 4)
    ]
    Quota.objects.update(limit=9)
    begin(as_alice, "instance.resize", instance.pk, parameters={"flavor_id": roomy.pk})
    large = factories.InstanceFactory(project=as_alice.project, flavor=roomy, ephemeral_gib=3, swap_mib=64)
    with pytest.raises(OverQuota):
        begin(as_alice, "instance.clone", large.pk, parameters={"name": "copy"})


@pytest.mark.parametrize(
    ("state", "taken"), [(VmState.ACTIVE, 5), (VmState.SHELVED, 5), (VmState.DELETED, 0)]
)
def test_hosts_count_all_of_it(roomy: Flavor, state: str, taken: int) -> None:
    host = factories.HypervisorFactory(disk_gib=9)
    factories.InstanceFactory(flavor=roomy, ephemeral_gib=3, swap_mib=64, hypervisor=host, vm_state=state)
    amounts = occupants.registered().amounts().get(host.pk, occupants.NOTHING)
    assert amounts.disk_gib == taken
    another = factories.InstanceFactory(flavor=roomy, ephemeral_gib=3, swap_mib=64, hypervisor=host)
    if taken:
        with pytest.raises(Conflict, match="has 4 GiB of disk left, 5 are needed"):
            scheduler.check(another)
    else:
        scheduler.check(another)


def test_a_smaller_ephemeral_disk_is_refused(as_alice: Context, flavor: Flavor) -> None:
    instance = factories.InstanceFactory(project=as_alice.project, disk_gib=1, ephemeral_gib=2)
    with pytest.raises(BadInput) as refused:
        begin(as_alice, "instance.resize", instance.pk, parameters={"flavor_id": flavor.pk})
    assert "ephemeral disk has 2 GiB and cannot shrink to 0 GiB" in str(refused.value.fields["flavor_id"])
