"""Where an instance goes by what it asks: zone, host, neighbours, server group, aggregates."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from accounts.context import Context
from accounts.errors import Conflict
from accounts.models import Project
from compute.hosts.models import Aggregate, Hypervisor
from compute.hosts.services.extra_spec_matching import matches
from compute.instances.actions import begin
from compute.instances.models import Flavor, Instance
from compute.instances.models.server_group import Policy
from compute.instances.services import scheduler
from compute.instances.states import VmState
from tests import factories

pytestmark = pytest.mark.django_db
NOBODYS = "5f0d5a53-7d2c-4b4f-9f3e-0b6ab2f0a7c1"


@pytest.fixture
def hosts(db: None) -> dict[str, Hypervisor]:
    """Three that are alike but for their memory: a has the most, and is the first choice of whoever asks nothing."""
    sizes = {"a": 8192, "b": 6144, "c": 4096}
    return {name: factories.HypervisorFactory(name=name, memory_mib=sizes[name]) for name in sizes}


def wanting(project: Project, **more: Any) -> Instance:
    return factories.InstanceFactory(project=project, vm_state=VmState.BUILDING, **more)


def place(project: Project, **more: Any) -> str:
    """The name of the host that it gets."""
    return scheduler.place(wanting(project, **more)).name


def refusal(project: Project, **more: Any) -> str:
    with pytest.raises(Conflict) as refused:
        place(project, **more)
    return str(refused.value)


def test_apart_on_one_host_each(blue: Project, hosts: dict[str, Hypervisor]) -> None:
    group = factories.ServerGroupFactory(project=blue, name="db")
    assert [place(blue, server_group=group) for _each in hosts] == ["a", "b", "c"]
    said = refusal(blue, server_group=group)
    assert said.startswith(
        "No valid host was found for this instance. a has 1 of the server group db already"
    )


def test_at_most_so_many_on_one_host(blue: Project, hosts: dict[str, Hypervisor]) -> None:
    group = factories.ServerGroupFactory(project=blue, most_per_host=2)
    assert sorted(place(blue, server_group=group) for _each in range(6)) == list("aabbcc")
    refusal(blue, server_group=group)


def test_together_even_where_there_is_less_room(blue: Project, hosts: dict[str, Hypervisor]) -> None:
    group = factories.ServerGroupFactory(project=blue, policy=Policy.AFFINITY)
    factories.InstanceFactory(project=blue, server_group=group, hypervisor=hosts["c"])
    assert place(blue, server_group=group) == "c"
    Hypervisor.objects.filter(name="c").update(vcpus=2)
    said = refusal(blue, server_group=group)
    assert f"a is not where the server group {group} is." in said
    assert "c has 0 vCPUs left" in said


def test_soft_rules_are_wishes(blue: Project, hosts: dict[str, Hypervisor]) -> None:
    apart = factories.ServerGroupFactory(project=blue, policy=Policy.SOFT_ANTI_AFFINITY)
    assert [place(blue, server_group=apart) for _each in range(4)] == ["a", "b", "c", "a"]
    together = factories.ServerGroupFactory(project=blue, policy=Policy.SOFT_AFFINITY)
    factories.InstanceFactory(project=blue, server_group=together, hypervisor=hosts["b"])
    assert place(blue, server_group=together) == "b"
    Hypervisor.objects.filter(name="b").update(enabled=False)
    assert place(blue, server_group=together) == "a"


def test_the_recycle_bin_makes_room_and_restoring_asks_again(
    as_alice: Context, blue: Project, hosts: dict[str, Hypervisor]
) -> None:
    group = factories.ServerGroupFactory(project=blue)
    binned = factories.InstanceFactory(
        project=blue, server_group=group, hypervisor=hosts["a"], vm_state=VmState.SOFT_DELETED
    )
    assert place(blue, server_group=group) == "a"
    with pytest.raises(Conflict, match="a has 1 of the server group"):
        begin(as_alice, "instance.restore", binned.pk)
    group.delete()
    begin(as_alice, "instance.restore", binned.pk)


def test_neighbours(blue: Project, red: Project, hosts: dict[str, Hypervisor]) -> None:
    mine = str(factories.InstanceFactory(project=blue, hypervisor=hosts["b"]).pk)
    theirs = str(factories.InstanceFactory(project=red, hypervisor=hosts["b"]).pk)
    assert place(blue, scheduler_hints={"same_host": [mine]}) == "b"
    assert place(blue, scheduler_hints={"different_host": [mine]}) == "a"
    assert place(blue, scheduler_hints={"different_host": [NOBODYS]}) == "a"
    for nobody in (theirs, NOBODYS):
        said = refusal(blue, scheduler_hints={"same_host": [nobody]})
        assert "b does not run the instances to be together with." in said
    Hypervisor.objects.exclude(name="b").update(enabled=False)
    said = refusal(blue, scheduler_hints={"different_host": [mine]})
    assert "b runs an instance to be kept apart from." in said


def test_zone_and_host(blue: Project, hosts: dict[str, Hypervisor]) -> None:
    Hypervisor.objects.filter(name="c").update(zone="east")
    assert place(blue, requested_zone="east") == "c"
    assert place(blue, requested_zone="nova") == "a"
    assert place(blue, scheduler_hints={"host": "b"}) == "b"
    assert "c is not in the availability zone west." in refusal(blue, requested_zone="west")
    assert "a is not the wanted host." in refusal(blue, scheduler_hints={"host": "d"})


def test_flavors_ask_for_aggregates(blue: Project, hosts: dict[str, Hypervisor]) -> None:
    fast = Aggregate.objects.create(name="fast", metadata={"disk": "nvme,ssd", "cores": "8"})
    fast.hosts.add(hosts["b"], hosts["c"])
    scope = "aggregate_instance_extra_specs:"

    def flavor(**specs: str) -> Flavor:
        return factories.FlavorFactory(
            extra_specs={scope + key: value for key, value in specs.items()} | {"quota:x": "y"}
        )

    assert place(blue, flavor=flavor()) == "a"
    assert place(blue, flavor=flavor(disk="ssd", cores=">= 4")) == "b"
    assert "a is in no aggregate with disk=tape." in refusal(blue, flavor=flavor(disk="tape"))
    assert "b is in no aggregate with cores=>= 9." in refusal(blue, flavor=flavor(disk="ssd", cores=">= 9"))


@pytest.mark.parametrize(
    ("has", "asked", "fits"),
    [
        ("ssd", "ssd", True),
        ("ssd", "hdd", False),
        ("ssd", "<or> hdd <or> ssd", True),
        ("ssd", "<or> hdd <or> tape", False),
        ("avx sse", "<in> sse", True),
        ("avx sse", "<all-in> sse <all-in> avx", True),
        ("avx sse", "<all-in> sse <all-in> fma", False),
        ("8", "= 4", True),
        ("8", "== 8.0", True),
        ("8", "!= 8", False),
        ("8", ">= 9", False),
        ("8", "<= 9", True),
        ("eight", ">= 1", False),
        ("b", "s>= a", True),
        ("b", "s< a", False),
        ("b", "s== b", True),
        ("b", "s!= b", False),
        ("=", "=", True),
        ("", "", True),
    ],
)
def test_how_specs_are_compared(has: str, asked: str, fits: bool) -> None:
    assert matches(has, asked) is fits


def test_who_asks_nothing_costs_nothing(
    blue: Project, hosts: dict[str, Hypervisor], django_assert_num_queries: Any
) -> None:
    plain, grouped = wanting(blue), wanting(blue, server_group=factories.ServerGroupFactory(project=blue))
    locks = connection.features.has_select_for_update
    # two savepoints and their ends, two of rooms, the host and what is taken of it, the choice; the instance's lock
    with django_assert_num_queries(9 + locks):
        scheduler.place(plain)
    with django_assert_num_queries(11 + 2 * locks):
        scheduler.place(grouped)


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_six_at_once_stay_apart(blue: Project) -> None:
    for _each in range(3):
        factories.HypervisorFactory()
    group = factories.ServerGroupFactory(project=blue)
    waiting = [wanting(blue, server_group=group) for _each in range(6)]

    def placed(instance: Instance) -> bool:
        try:
            scheduler.place(instance)
        except Conflict:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(placed, waiting)) == 3
    taken = Instance.objects.exclude(hypervisor=None).values_list("hypervisor", flat=True)
    assert len(set(taken)) == len(taken) == 3
