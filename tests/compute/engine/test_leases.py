"""Who works on an operation: one at a time, taken over from the dead, and failpoints that play dead."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations import LeaseLost, Run
from portal.celery import app
from tests.compute.engine.tiny_plan import TinyPlan

pytestmark = pytest.mark.django_db
State = Operation.State


def expire(operation: Operation) -> None:
    """As if its worker had died a lease ago."""
    Operation.objects.filter(pk=operation.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def claim(operation: Operation) -> Run:
    run = Run.claim(str(operation.pk))
    assert run is not None
    return run


def test_no_step_is_killed_for_taking_long() -> None:
    """A copy of hours is as good as one of seconds: the lease tells the living from the dead."""
    assert (app.conf.task_time_limit, app.conf.task_soft_time_limit) == (None, None)


def test_a_claim_holds_the_lease(plan: TinyPlan) -> None:
    run = claim(plan.begin())
    row = Operation.objects.get()
    assert (row.state, row.fence, row.attempt) == (State.RUNNING, 1, 1)
    assert row.lease_until is not None
    left = (row.lease_until - timezone.now()).total_seconds()
    assert django_settings.LEASE_SECONDS - 2 < left <= django_settings.LEASE_SECONDS
    assert Run.claim(str(run.operation.pk)) is None
    assert not operations.due().exists()


def test_whoever_takes_over_shuts_the_first_one_out(plan: TinyPlan) -> None:
    first = claim(plan.begin())
    expire(first.operation)
    second = claim(first.operation)
    assert (second.operation.fence, second.operation.attempt) == (2, 2)
    before = list(Operation.objects.values())
    for deed in (
        first.check,
        lambda: first.write(state=State.FAILED),
        lambda: first.progress(1, 2),
        lambda: first.write(timeline=[{"name": "a"}]),
    ):
        with pytest.raises(LeaseLost):
            deed()
    first.release()
    assert list(Operation.objects.values()) == before
    second.check()
    second.write(step="b")


def test_a_worker_thought_dead_stops_and_the_other_goes_on_where_it_was(plan: TinyPlan) -> None:
    """The first one wakes up in the middle of step b, after the second one has finished everything."""
    outcomes: list[Operation] = []

    def freeze(run: Run) -> None:
        if run.operation.fence == 1:
            expire(run.operation)
            outcomes.append(plan.run(run.operation))

    plan.do["b"] = freeze
    last = plan.run(plan.begin())
    assert plan.diary == ["do a", "do b", "do b", "do c", "succeeded"]
    assert [last.state, outcomes[0].state] == [State.SUCCEEDED, State.SUCCEEDED]
    assert last.finished_at == outcomes[0].finished_at, "the first one has written nothing since"
    assert (last.fence, last.attempt) == (2, 2)


def test_undoing_is_taken_over_too(plan: TinyPlan) -> None:
    run = claim(plan.begin())
    run.write(
        state=State.UNDOING,
        error={"code": "x", "message": "y"},
        timeline=[{"name": name, "label": "", "began": "t", "ended": None, "undone": None} for name in "ab"],
    )
    expire(run.operation)
    assert plan.run(run.operation).state == State.FAILED
    assert plan.diary == ["undo b", "undo a", "failed"]


def test_a_finished_operation_cannot_be_written(plan: TinyPlan) -> None:
    run = claim(plan.begin())
    Operation.objects.update(state=State.SUCCEEDED)
    with pytest.raises(LeaseLost):
        run.write(step="a")
    with pytest.raises(LeaseLost):
        run.check()


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_of_ten_workers_at_once_one_gets_it(plan: TinyPlan) -> None:
    operation = plan.begin()

    def work(_number: int) -> None:
        try:
            operations.execute(str(operation.pk))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(work, range(10)))
    assert plan.diary == ["do a", "do b", "do c", "succeeded"]
    assert Operation.objects.get().fence == 1


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_a_long_step_keeps_its_lease(plan: TinyPlan, settings) -> None:
    settings.LEASE_SECONDS = 8  # renewed every two: a busy machine may hold the thread up for a while
    rivals: list[Run | None] = []

    def long(run: Run) -> None:
        assert run.operation.lease_until is not None
        while timezone.now() < run.operation.lease_until:
            rivals.append(Run.claim(str(run.operation.pk)))
            time.sleep(0.2)
        rivals.append(Run.claim(str(run.operation.pk)))

    plan.do["b"] = long
    assert plan.run(plan.begin()).state == State.SUCCEEDED
    assert set(rivals) == {None}


@pytest.mark.usefixtures("redis_server")
@pytest.mark.django_db(transaction=True)
def test_a_long_step_that_lost_its_lease_stops_before_it_acts(plan: TinyPlan, settings) -> None:
    settings.LEASE_SECONDS = 1

    def long(run: Run) -> None:
        Operation.objects.update(fence=7)
        time.sleep(0.6)
        run.check()
        plan.diary.append("acted")

    plan.do["a"] = long
    row = plan.run(plan.begin())
    assert plan.diary == ["do a"]
    assert (row.fence, row.state) == (7, State.RUNNING)


WALK_PAST = """
import django
django.setup()
from compute.engine.services.failpoints import failpoint
failpoint("tiny.a")
print("alive")
"""


def walk_past(folder: str) -> subprocess.CompletedProcess[str]:
    """A process that comes by the failpoint `tiny.a`."""
    environment = os.environ | {"MERIDIAN_FAILPOINTS": folder, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return subprocess.run(
        [sys.executable, "-c", WALK_PAST],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_failpoints_kill_once_and_only_when_armed(tmp_path: Path) -> None:
    armed, other = tmp_path / "tiny.a", tmp_path / "tiny.b"
    other.touch()
    assert walk_past("").stdout == "alive\n", "no folder is set"
    assert walk_past(str(tmp_path)).stdout == "alive\n", "another one is armed"
    armed.touch()
    killed = walk_past(str(tmp_path))
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "")
    assert walk_past(str(tmp_path)).stdout == "alive\n", "it went off once"
    assert list(tmp_path.iterdir()) == [other]


def test_without_a_folder_no_file_is_looked_for(plan: TinyPlan) -> None:
    assert django_settings.FAILPOINTS == ""
    assert plan.run(plan.begin()).state == State.SUCCEEDED
