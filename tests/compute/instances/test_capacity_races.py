"""The last room of a host goes to exactly one of two who ask at the same instant, on PostgreSQL."""

from typing import Any

import pytest

from tests.compute.engine.test_lock_order import said_by
from tests.postgres import Cluster


@pytest.fixture(scope="module")
def outcome(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the rounds of each race came to."""
    answer: dict[str, list[dict[str, Any]]] = said_by(
        postgres, tmp_path_factory.mktemp("capacity"), "tests.compute.instances.capacity_races"
    )
    return answer


@pytest.mark.parametrize("verb", ["unshelve", "restore", "resize", "clone", "launch"])
def test_exactly_one_gets_the_room(outcome: dict[str, list[dict[str, Any]]], verb: str) -> None:
    rounds = outcome[verb]
    assert len(rounds) == 50
    for one in rounds:
        assert (one["errors"], one["won"], len(one["refused"])) == ([], 1, 1), one
        assert "vCPUs left" in one["refused"][0]
        assert one["free"] == 0
