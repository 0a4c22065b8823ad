"""Which host an instance gets, and what a person reads when none fits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.errors import Conflict
from compute.hosts.models import Hypervisor
from compute.instances.models import Instance
from compute.instances.services import scheduler
from compute.instances.states import VmState
from tests import factories

pytestmark = pytest.mark.django_db


def wanting(**sizes: int) -> Instance:
    flavor = factories.FlavorFactory(**{"vcpus": 1, "ram_mib": 1024, "disk_gib": 10} | sizes)
    return factories.InstanceFactory(flavor=flavor, vm_state=VmState.BUILDING)


def refusal(instance: Instance) -> str:
    with pytest.raises(Conflict) as refused:
        scheduler.place(instance)
    assert Instance.objects.get(pk=instance.pk).hypervisor is None
    return str(refused.value)


def test_the_host_with_most_memory_left_gets_it() -> None:
    big = factories.HypervisorFactory(memory_mib=16384)
    small = factories.HypervisorFactory(memory_mib=8192)
    factories.InstanceFactory(hypervisor=big, flavor__ram_mib=12288)
    instance = wanting()
    assert scheduler.place(instance) == small
    assert Instance.objects.get(pk=instance.pk).hypervisor == small


def test_what_is_placed_stays() -> None:
    instance = wanting(vcpus=4)
    first = factories.HypervisorFactory()
    assert scheduler.place(instance) == first
    factories.HypervisorFactory(memory_mib=65536)
    assert scheduler.place(instance) == first


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ({"vcpus": 5}, "host-a has 4 vCPUs left, 5 are needed."),
        ({"ram_mib": 8193}, "host-a has 8192 MiB of memory left, 8193 are needed."),
        ({"disk_gib": 101}, "host-a has 100 GiB of disk left, 101 are needed."),
    ],
)
def test_a_full_host_says_what_is_short(sizes: dict[str, int], reason: str) -> None:
    factories.HypervisorFactory(name="host-a")
    assert refusal(wanting(**sizes)) == f"No valid host was found for this instance. {reason}"


def test_an_exact_fit_fits() -> None:
    host = factories.HypervisorFactory()
    assert scheduler.place(wanting(vcpus=4, ram_mib=8192, disk_gib=100)) == host


def test_every_host_says_its_own_reason() -> None:
    factories.HypervisorFactory(name="off", enabled=False)
    factories.HypervisorFactory(name="away", state=Hypervisor.State.UNREACHABLE)
    factories.HypervisorFactory(name="full", vcpus=0)
    text = refusal(wanting())
    assert "away does not answer." in text
    assert "off is switched off for new instances." in text
    assert "full has 0 vCPUs left, 1 are needed." in text


@pytest.mark.parametrize(
    ("fields", "worth_waiting"),
    [
        ({"seen_at": timedelta(seconds=5)}, True),
        ({"seen_at": timedelta(minutes=5)}, False),
        ({"seen_at": timedelta(seconds=5), "forced_down": True}, False),
        ({"seen_at": timedelta(seconds=5), "enabled": False}, False),
        ({"seen_at": timedelta(seconds=5), "vcpus": 0}, False),
        ({"seen_at": timedelta(seconds=5), "zone": "west"}, False),
        ({}, False),
    ],
)
def test_a_host_whose_libvirt_restarts_is_waited_for(fields: dict[str, Any], worth_waiting: bool) -> None:
    if "seen_at" in fields:
        fields = fields | {"seen_at": timezone.now() - fields["seen_at"]}
    factories.HypervisorFactory(state=Hypervisor.State.UNREACHABLE, **fields)
    instance = wanting()
    instance.requested_zone = "" if "zone" not in fields else "east"
    with pytest.raises(Conflict) as refused:
        scheduler.place(instance)
    assert refused.value.retryable is worth_waiting


def test_without_hosts_it_says_so() -> None:
    assert "There is no hypervisor yet." in refusal(wanting())


def test_ratios_say_how_far_to_overcommit() -> None:
    factories.HypervisorFactory(name="host-a", vcpu_ratio=2.0, memory_ratio=1.5)
    assert "host-a has 8 vCPUs left" in refusal(wanting(vcpus=9))
    assert "host-a has 12288 MiB of memory left" in refusal(wanting(ram_mib=12289))


@pytest.mark.parametrize(
    ("state", "counts"), [(VmState.STOPPED, True), (VmState.SOFT_DELETED, False), (VmState.DELETED, False)]
)
def test_what_may_be_started_again_keeps_its_room(state: VmState, counts: bool) -> None:
    host = factories.HypervisorFactory()
    factories.InstanceFactory(hypervisor=host, vm_state=state, flavor__vcpus=4)
    assert bool(scheduler.capacities(Hypervisor.objects.all())[0].refusal(wanting())) is counts


def test_the_recycle_bin_takes_disk_of_a_host_and_nothing_else() -> None:
    """Or deleted instances, which no quota counts, would keep everybody from launching."""
    host = factories.HypervisorFactory(disk_gib=10)
    factories.InstanceFactory(hypervisor=host, vm_state=VmState.SOFT_DELETED, flavor__disk_gib=8)
    (capacity,) = scheduler.capacities(Hypervisor.objects.all())
    assert (capacity.vcpus, capacity.ram_mib, capacity.disk_gib) == (4, 8192, 2)


def test_until_it_is_confirmed_a_smaller_size_keeps_the_room_to_go_back() -> None:
    """Of each amount the larger counts, or what else comes meanwhile would take the way back."""
    host = factories.HypervisorFactory()
    before = {"vcpus": 3, "ram_mib": 4096, "disk_gib": 20, "ephemeral_gib": 2, "swap_mib": 1024}
    smaller = {"vcpus": 1, "ram_mib": 6144, "disk_gib": 20, "ephemeral_gib": 2}
    instance = factories.InstanceFactory(
        hypervisor=host, vm_state=VmState.RESIZED, resized_from=before, swap_mib=0, **smaller
    )
    (capacity,) = scheduler.capacities(Hypervisor.objects.all())
    assert (capacity.vcpus, capacity.ram_mib, capacity.disk_gib) == (1, 2048, 77)
    instance.resized_from = None
    instance.save()
    (capacity,) = scheduler.capacities(Hypervisor.objects.all())
    assert (capacity.vcpus, capacity.ram_mib, capacity.disk_gib) == (3, 2048, 78)


def test_a_host_that_changed_its_zone_meanwhile_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    host = factories.HypervisorFactory(name="host-a", zone="east")
    factories.HypervisorFactory(zone="west")
    instance = wanting()
    instance.requested_zone = "east"
    instance.save()
    capacities = scheduler.capacities(Hypervisor.objects.all())
    monkeypatch.setattr(scheduler, "capacities", lambda _hosts: capacities)
    Hypervisor.objects.filter(pk=host.pk).update(zone="west")
    assert "host-a is not in the availability zone east." in refusal(instance)


def test_capacities_cost_two_queries(django_assert_num_queries) -> None:
    for _ in range(5):
        factories.InstanceFactory(hypervisor=factories.HypervisorFactory())
    with django_assert_num_queries(2):
        assert len(scheduler.capacities(Hypervisor.objects.all())) == 5


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_ten_at_once_do_not_overfill_a_host() -> None:
    host = factories.HypervisorFactory(vcpus=4)
    waiting = [wanting() for _ in range(10)]

    def place(instance: Instance) -> bool:
        try:
            scheduler.place(instance)
        except Conflict:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(place, waiting)) == 4
    assert Instance.objects.filter(hypervisor=host).count() == 4
