"""Of two sweeps one works; when it dies the other takes over, and nothing is done twice or left out."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from compute.management.commands.sweep import LEASE_SECONDS, LONGEST_PAUSE, RENEW_SECONDS
from tests.lab.figures import Stopwatch
from tests.lab.lab import Host, Lab
from tests.stack import BASE, Browserless, wait_for

SECOND = "portal-2"
NAMES = [f"timed-{number}" for number in range(3)]


@pytest.fixture
def second_sweep(lab: Lab) -> Iterator[None]:
    """A sweep as a second portal would run it."""
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "manage.py", "sweep"]
    environment = lab.environment | {
        "MERIDIAN_HOST": SECOND,
        "REDIS_URL": f"unix://{lab.root}/data/run/redis.sock",
    }
    with lab.log.open("ab") as log:
        process = subprocess.Popen(command, cwd=BASE, env=environment, stdout=log, stderr=log)
    try:
        wait_for(
            lambda: lab.rows("select 1 from compute_heartbeat where host = ?", SECOND), "the second sweep"
        )
        yield
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def timed(lab: Lab, admin: Browserless, one: Host) -> Iterator[list[str]]:
    """Instances with a schedule each, by their ids."""
    for name in NAMES:
        lab.launch(admin, name, one)
    ids = [lab.instance(name)["uuid"] for name in NAMES]
    far = f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"
    for uuid in ids:
        given = {"verb": "pause", "at": far, "cron": "", "time_zone": "UTC", "keep": "1"}
        answer = admin.post(f"/instances/{uuid}/schedules/new/", **given)
        assert answer.status == 200, answer.text
    yield ids
    for name in NAMES:
        lab.do(admin, name, "purge", "deleted")


@pytest.mark.usefixtures("second_sweep")
def test_one_of_two_works_and_the_other_takes_over(lab: Lab, timed: list[str]) -> None:
    holder = _holder(lab)
    assert holder.startswith("portal ")
    _due(lab, timed[0])
    wait_for(lambda: _runs(lab, timed[0]) == (1, 1), "the first schedule to run", 30)

    # Frozen first: the supervisor starts another one at once, which might take the lease before the second does.
    os.kill(int(holder.split()[1]), signal.SIGSTOP)
    frozen = Stopwatch()
    _due(lab, timed[1])
    _expired(lab, NAMES[2])
    wait_for(lambda: _holder(lab).startswith(SECOND), "the second sweep to take over", 40)
    assert frozen.note("from the freezing of a sweep until the other works") < (
        LEASE_SECONDS + RENEW_SECONDS + LONGEST_PAUSE
    )
    os.kill(int(holder.split()[1]), signal.SIGKILL)
    wait_for(lambda: _runs(lab, timed[1]) == (1, 1), "the second schedule to run", 30)
    lab.wait_for_state(NAMES[2], "soft-delete", 30)
    wait_for(lambda: len(_sweeps(lab)) == 2, "both sweeps to be there again", 30)

    assert _holder(lab).startswith(SECOND), "whoever has the lease keeps it"
    assert [_runs(lab, uuid) for uuid in timed] == [(1, 1), (1, 1), (0, 0)]
    deleted = [row["kind"] for row in lab.operations(timed[2]) if row["kind"] == "instance.delete"]
    assert len(deleted) == 1


def _holder(lab: Lab) -> str:
    (row,) = lab.rows("select holder from compute_lease where name = 'sweep' and until > now()") or [
        {"holder": ""}
    ]
    return str(row["holder"])


def _sweeps(lab: Lab) -> list[dict[str, Any]]:
    return lab.rows(
        "select host, pid from compute_heartbeat where process = 'sweep' and at > now() - interval '5 seconds'"
    )


def _due(lab: Lab, uuid: str) -> None:
    lab.rows("update compute_schedule set next_run = now() where instance_id = ? returning id", uuid)


def _expired(lab: Lab, name: str) -> None:
    lab.rows("update compute_instance set expires_at = now() where name = ? returning id", name)


def _runs(lab: Lab, uuid: str) -> tuple[int, int]:
    """Return how often the instance's schedule was run, and how often its operation was begun."""
    told = lab.rows("select 1 from accounts_auditevent where action = 'schedule.run' and target_id = ?", uuid)
    begun = [row for row in lab.operations(uuid) if row["kind"] == "instance.pause"]
    return len(told), len(begun)
