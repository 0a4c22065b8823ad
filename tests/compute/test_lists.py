"""Lists cost the same whatever their length, and search, filter and sort find the right rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.context import Context
from accounts.models import Project
from compute.engine.services import operations_log
from compute.instances.models import Instance
from compute.instances.services import instances
from compute.instances.states import TaskState, VmState
from compute.networks.models import Network
from tests import factories


def fill(context: Context, network: Network, count: int) -> list[Instance]:
    """So many instances, each with two ports and an operation at work."""
    made = factories.InstanceFactory.create_batch(count, project=context.project, user=context.user)
    for instance in made:
        factories.PortFactory.create_batch(2, instance=instance, network=network)
        factories.OperationFactory(instance=instance, user=context.user)
    return made


def touch_listed(context: Context) -> None:
    """Read everything that a row of the list shows."""
    for row in instances.page(context, size=100):
        shown = [
            row.status,
            row.flavor_name,
            row.hypervisor,
            row.fault,
            row.boot_stage,
            row.created_at,
            row.locked,
        ]
        shown += [port.address for port in row.ordered_ports]
        assert row.open_operation.kind == "instance.stop"
        assert shown


def touch_all(context: Context) -> None:
    """Read everything that actions ask of an instance too."""
    for row in instances.page(context, size=100, details=True):
        shown = [row.status, row.flavor_name, row.image.name, row.user.name, row.project.name, row.hypervisor]
        shown += [(port.address, port.network.name) for port in row.ordered_ports]
        assert row.open_operation.kind == "instance.stop"
        assert all(item is not None for item in shown[:-3])


def queries(call, *arguments: object) -> int:
    with CaptureQueriesContext(connection) as captured:
        call(*arguments)
    return len(captured)


def test_forty_instances_cost_as_many_queries_as_one(as_alice: Context, network: Network) -> None:
    fill(as_alice, network, 1)
    counts = [queries(touch, as_alice) for touch in (touch_listed, touch_all)]
    fill(as_alice, network, 39)
    again = [queries(touch, as_alice) for touch in (touch_listed, touch_all)]
    assert again == counts == [4, 4], "count, rows, ports, operations"


def test_forty_operations_cost_as_many_queries_as_one(as_alice: Context, network: Network) -> None:
    def read() -> None:
        for operation in operations_log.recent(as_alice, size=100):
            assert operation.user.name == "alice"
            assert operation.subject_name
            assert operation.project.name == "blue"

    fill(as_alice, network, 1)
    one = queries(read)
    fill(as_alice, network, 39)
    assert queries(read) == one == 1, "rows"


def test_counts_cost_one_query(as_alice: Context, network: Network) -> None:
    fill(as_alice, network, 3)
    assert queries(instances.counts, as_alice) == 1


@pytest.fixture
def three(as_alice: Context, network: Network) -> dict[str, Instance]:
    """web runs, db is off, old is being built; each has an address."""
    made = {
        "web": factories.InstanceFactory(project=as_alice.project, name="web", flavor__vcpus=2),
        "db": factories.InstanceFactory(project=as_alice.project, name="db", vm_state=VmState.STOPPED),
        "old": factories.InstanceFactory(
            project=as_alice.project,
            name="100% <old>",
            vm_state=VmState.BUILDING,
            task_state=TaskState.SPAWNING,
        ),
    }
    for number, instance in enumerate(made.values(), start=1):
        factories.PortFactory(instance=instance, network=network, address=f"10.48.9.{number}")
        factories.PortFactory(instance=instance, network=network, address=f"10.48.8.{number}")
    return made


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("we", "web"),
        ("WEB", "web"),
        ("  db  ", "db"),
        ("10.48.9.2", "db"),
        ("48.9.", "db old web"),
        ("100%", "old"),
        ("<old>", "old"),
        ("%", "old"),
        ("_", ""),
        ("nothing", ""),
        ("", "db old web"),
        ("\0", ""),
        ("\ud800", ""),
        ("x" * 10_000, ""),
        ("' OR 1=1 --", ""),
    ],
)
def test_search(as_alice: Context, three: dict[str, Instance], search: str, found: str) -> None:
    expected = {three[name] for name in found.split()}
    page = instances.page(as_alice, search=search)
    assert set(page) == expected
    assert page.paginator.count == len(expected), "a row with two addresses counts once"


def test_search_finds_a_whole_id(as_alice: Context, three: dict[str, Instance]) -> None:
    assert list(instances.page(as_alice, search=str(three["db"].pk))) == [three["db"]]


def test_search_stays_in_the_project(as_alice: Context, as_bob: Context, three: dict[str, Instance]) -> None:
    assert list(instances.page(as_bob, search="web")) == []
    assert list(instances.page(as_bob, search=str(three["web"].pk))) == []


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("active", "web"),
        ("stopped", "db"),
        ("error", ""),
        ("other", ""),
        ("busy", "old"),
        ("unheard-of", "db old web"),
    ],
)
def test_status(as_alice: Context, three: dict[str, Instance], status: str, found: str) -> None:
    assert set(instances.page(as_alice, status=status)) == {three[name] for name in found.split()}
    counted = instances.counts(as_alice)
    assert counted.get(status, counted["total"]) == len(found.split())


def test_each_instance_counts_once(as_alice: Context, blue: Project) -> None:
    """The tiles of the overview add up, whatever the states."""
    for state in VmState:
        for task in (None, TaskState.REBOOTING):
            factories.InstanceFactory(project=blue, vm_state=state, task_state=task)
    counted = instances.counts(as_alice)
    total = counted.pop("total")
    assert sum(counted.values()) == total == 2 * len(set(VmState) - {VmState.SOFT_DELETED, VmState.DELETED})
    assert counted["stopped"] == 2, "shelved counts as off"
    assert counted["active"] == 3, "rescued and resized count as running"


@pytest.mark.parametrize("sort", instances.SORTS)
def test_every_sort_is_whole_and_in_order(as_alice: Context, three: dict[str, Instance], sort: str) -> None:
    rows = list(instances.page(as_alice, sort=sort))
    assert set(rows) == set(three.values())
    column = instances.SORTS[sort][0]
    values = [getattr(row, column.removeprefix("-")) for row in rows]
    assert values == sorted(values, reverse=column.startswith("-"))


@pytest.mark.parametrize("sort", ["password", "project__quotas__limit", "?", "\0", "-"])
def test_unknown_sorts_count_as_none(as_alice: Context, three: dict[str, Instance], sort: str) -> None:
    assert list(instances.page(as_alice, sort=sort)) == list(instances.page(as_alice))


@pytest.mark.parametrize(("number", "shown"), [(1, 2), (2, 1), (99, 1), (0, 1), (-1, 1)])
def test_pages_beyond_the_end_are_the_last(
    as_alice: Context, three: dict[str, Instance], number: int, shown: int
) -> None:
    assert len(instances.page(as_alice, number=number, size=2)) == shown
