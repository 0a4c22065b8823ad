"""Locks are taken in one order everywhere: on PostgreSQL no two transactions wait for each other."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.postgres import Cluster


@pytest.fixture(scope="module")
def outcome(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the rounds of each race came to."""
    data: Path = tmp_path_factory.mktemp("lock-races")
    environment = os.environ | {"MERIDIAN_DATA": str(data), "DATABASE_URL": postgres.create("lock_races")}
    races = subprocess.run(
        [sys.executable, "-m", "tests.compute.engine.lock_races"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert races.returncode == 0, races.stderr[-4000:]
    answer: dict[str, list[dict[str, Any]]] = json.loads(races.stdout.splitlines()[-1])
    return answer


def test_a_clone_that_closes_and_a_purge_of_its_copy(outcome: dict[str, list[dict[str, Any]]]) -> None:
    rounds = outcome["clone closes, purge of its copy begins"]
    assert len(rounds) == 50
    for one in rounds:
        assert one == {"errors": [], "open": 0, "states": ["active None", "deleted None"]}


def test_two_that_take_room_and_addresses(outcome: dict[str, list[dict[str, Any]]]) -> None:
    rounds = outcome["two projects clone on one host"]
    assert len(rounds) == 50
    for one in rounds:
        assert one == {"errors": [], "open": 0}


def test_what_locks_the_project_and_what_does_not(outcome: dict[str, list[dict[str, Any]]]) -> None:
    rounds = outcome["clone begins, stop begins"]
    assert len(rounds) == 50
    for one in rounds:
        assert one == {"errors": [], "open": 0, "begun": 1}, "one begins, the other is refused"
