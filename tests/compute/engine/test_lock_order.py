"""Locks are taken in one order everywhere: on PostgreSQL no two transactions wait for each other."""

from typing import Any

import pytest

from compute.engine import kinds
from compute.engine.actions import registry
from tests.modules import answer_of
from tests.postgres import Cluster
from tests.proof import examples

pytestmark = pytest.mark.timeout(900)  # beside tests on machines the races get little of the processors

ORDER = {
    "accounts_project": 0,
    "compute_instance": 1,
    "compute_volume": 2,
    "compute_volumesnapshot": 3,
    "compute_backup": 4,
    "compute_instancesnapshot": 4,
    "compute_image": 5,
    "compute_network": 6,
    "compute_port": 7,
    "compute_servergroup": 8,
    "compute_hypervisor": 9,
    "compute_pool": 10,
    "compute_operation": 11,
}
"""Table → place in the one order of locks, as `compute.engine.kinds.Kind.rank` says."""

WITHOUT_KEYS = {"accounts_project", "compute_network", "compute_servergroup", "compute_hypervisor"}


@pytest.fixture(scope="module", params=examples([50]))
def rounds(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def outcome(rounds: int, postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the rounds of each race came to, and every row lock of a story of all verbs."""
    return answer_of(
        "tests.compute.engine.locks_on_postgresql",
        str(rounds),
        seconds=800,
        MERIDIAN_DATA=str(tmp_path_factory.mktemp("locks")),
        DATABASE_URL=postgres.create(f"locks{rounds}"),
    )


@pytest.fixture
def story(outcome: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = outcome["story"]
    return found


@pytest.fixture
def races(outcome: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = outcome["races"]
    return found


def test_the_story_is_of_all_verbs(story: dict[str, Any]) -> None:
    begun = {name for name, action in registry.actions().items() if action.order}
    assert begun | {"instance.launch"} <= set(story["done"])


def test_the_kinds_say_the_same_order() -> None:
    ranks = {kind.model._meta.db_table: kind.rank for kind in kinds.registered().values()}
    assert ranks == {table: ORDER[table] for table in ranks}


def test_every_transaction_locks_in_the_one_order(story: dict[str, Any]) -> None:
    """A row that a transaction has locked already may be locked again: that waits for nobody."""
    assert len(story["transactions"]) > 50
    wrong = []
    for one in story["transactions"]:
        first = list(dict.fromkeys((ORDER[table], key) for table, key, _mode in one["locks"]))
        if first != sorted(first):
            wrong.append((one["story"], [(table, key[:8]) for table, key, _mode in one["locks"]]))
    assert wrong == []


def test_what_others_name_is_locked_without_its_keys(story: dict[str, Any]) -> None:
    locks = {(table, mode) for one in story["transactions"] for table, _key, mode in one["locks"]}
    assert {table for table, mode in locks if mode == "key"}.isdisjoint(WITHOUT_KEYS)
    assert {table for table, mode in locks if mode == "no key"} >= WITHOUT_KEYS


def test_a_clone_that_closes_and_a_purge_of_its_copy(
    rounds: int, races: dict[str, list[dict[str, Any]]]
) -> None:
    became = races["clone closes, purge of its copy begins"]
    assert len(became) == rounds
    for one in became:
        assert one == {"errors": [], "open": 0, "states": ["active None", "deleted None"]}


def test_two_that_take_room_and_addresses(rounds: int, races: dict[str, list[dict[str, Any]]]) -> None:
    became = races["two projects clone on one host"]
    assert len(became) == rounds
    for one in became:
        assert one == {"errors": [], "open": 0}


def test_what_locks_the_project_and_what_does_not(
    rounds: int, races: dict[str, list[dict[str, Any]]]
) -> None:
    became = races["clone begins, stop begins"]
    assert len(became) == rounds
    for one in became:
        assert one == {"errors": [], "open": 0, "begun": 1}, "one begins, the other is refused"


def test_a_schedule_that_comes_round_and_a_purge(rounds: int, races: dict[str, list[dict[str, Any]]]) -> None:
    became = races["schedule comes round twice, purge ends"]
    assert len(became) == rounds
    for one in became:
        assert one == {"errors": [], "open": 0, "left": 0}


@pytest.mark.parametrize("verb", ["unshelve", "restore", "resize", "clone", "launch"])
def test_the_last_room_of_a_host_goes_to_one(rounds: int, outcome: dict[str, Any], verb: str) -> None:
    became = outcome["capacity"][verb]
    assert len(became) == rounds
    for one in became:
        assert (one["errors"], one["won"], len(one["refused"])) == ([], 1, 1), one
        assert "vCPUs left" in one["refused"][0]
        assert one["free"] == 0
