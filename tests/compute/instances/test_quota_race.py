"""The last unit of a quota goes to exactly one of fifty, on both databases, with the project's own settings."""

from pathlib import Path
from typing import Any

import pytest

from tests.modules import answer_of
from tests.postgres import Cluster
from tests.proof import examples


@pytest.fixture(params=examples(["sqlite", "postgresql"], "postgresql"))
def outcome(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """What the race of fifty came to."""
    url = ""
    if request.param == "postgresql":
        postgres: Cluster = request.getfixturevalue("postgres")
        url = postgres.create("quota_race")
    module, data = "tests.compute.instances.quota_race", str(tmp_path / "data")
    answer = answer_of(module, seconds=120, MERIDIAN_DATA=data, DATABASE_URL=url)
    assert answer["vendor"] == request.param
    assert answer["journal"] == {"sqlite": "wal", "postgresql": ""}[request.param]
    return answer


def test_exactly_one_of_fifty_wins_and_the_others_read_why(outcome: dict[str, Any]) -> None:
    made = [answer["made"] for answer in outcome["answers"]]
    assert sorted(made) == [0] * 49 + [1]
    losers = [answer for answer in outcome["answers"] if not answer["made"]]
    assert all(answer["shortages"] == [["instances", 0, 1]] for answer in losers)
    assert {answer["text"] for answer in losers} == {
        "Not enough quota for Instances: 1 requested, 0 of 3 available."
    }
    assert outcome["used"] == outcome["limit"] == 3
    assert outcome["new_rows"] == {
        "compute.Instance": 1,
        "compute.Port": 1,
        "compute.Operation": 1,
        "compute.Hold": 2,
        "accounts.AuditEvent": 1,
    }
    assert len(set(outcome["addresses"])) == 3
