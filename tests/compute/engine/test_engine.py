"""The engine: steps forward, steps back, retries, cancellation, waiting, and the end in one piece."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.errors import Conflict
from compute.driver.errors import GuestBusy, StorageFull
from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations import Run, Wait
from compute.engine.operations import run as run_module
from compute.engine.operations.execute import ATTEMPTS, UNDO_ATTEMPTS
from compute.instances.models import Instance
from compute.instances.services.scheduler import HostAway
from tests import factories
from tests.compute.engine.tiny_plan import TinyPlan, raising

pytestmark = pytest.mark.django_db
State = Operation.State


def seconds_until(moment: datetime) -> float:
    return (moment - timezone.now()).total_seconds()


def test_steps_run_in_order_once_and_are_listed(plan: TinyPlan) -> None:
    done = plan.run(plan.begin())
    assert plan.diary == ["do a", "do b", "do c", "succeeded"]
    assert (done.state, done.step, done.error, done.attempt, done.fence) == (State.SUCCEEDED, "", None, 1, 1)
    assert done.started_at is not None
    assert done.finished_at is not None
    assert done.started_at <= done.finished_at
    assert [(entry["name"], entry["label"]) for entry in done.timeline] == [
        ("a", "A"),
        ("b", "B"),
        ("c", "C"),
    ]
    times = [datetime.fromisoformat(entry[edge]) for entry in done.timeline for edge in ("began", "ended")]
    assert times == sorted(times)
    assert {entry["undone"] for entry in done.timeline} == {None}


def test_a_finished_one_is_not_run_again(plan: TinyPlan) -> None:
    done = plan.run(plan.begin())
    again = plan.run(done)
    assert (again.fence, plan.diary.count("do a")) == (1, 1)


def test_a_step_is_listed_before_it_acts(plan: TinyPlan) -> None:
    seen: list[object] = []
    plan.do["b"] = lambda run: seen.append(Operation.objects.get(pk=run.operation.pk))
    plan.run(plan.begin())
    (row,) = seen
    assert isinstance(row, Operation)
    assert (row.step, row.timeline[-1]["name"], row.timeline[-1]["ended"]) == ("b", "b", None)
    assert row.state == State.RUNNING


def test_progress_is_shown_and_forgotten_afterwards(plan: TinyPlan) -> None:
    seen: list[object] = []

    def copy(run: Run) -> None:
        run.progress(3, 10)
        seen.append(Operation.objects.get(pk=run.operation.pk).progress)

    plan.do["b"] = copy
    done = plan.run(plan.begin())
    assert (seen, done.progress) == ([{"done": 3, "total": 10, "unit": "bytes"}], None)


def test_a_lasting_error_undoes_what_began_last_first(plan: TinyPlan) -> None:
    plan.do["b"] = raising(StorageFull("The disk is full."))
    done = plan.run(plan.begin())
    assert plan.diary == ["do a", "do b", "undo b", "undo a", "failed"]
    assert (done.state, done.error) == (
        State.FAILED,
        {"code": "storage_full", "message": "The disk is full."},
    )
    assert all(entry["undone"] for entry in done.timeline)


def test_our_own_errors_undo_too(plan: TinyPlan) -> None:
    plan.do["a"] = raising(Conflict("No hypervisor has room."))
    done = plan.run(plan.begin())
    assert plan.diary == ["do a", "undo a", "failed"]
    assert done.error == {"code": "conflictingRequest", "message": "No hypervisor has room."}


def test_one_of_our_own_errors_that_passes_is_tried_again(plan: TinyPlan) -> None:
    plan.do["a"] = raising(HostAway("host-a does not answer."))
    operation = plan.run(plan.begin())
    assert operation.state == State.RUNNING
    del plan.do["a"]
    assert plan.run(operation).state == State.SUCCEEDED
    assert plan.diary == ["do a", "do a", "do b", "do c", "succeeded"]


def test_a_passing_error_is_tried_again_after_longer_and_longer(plan: TinyPlan) -> None:
    plan.do["b"] = raising(GuestBusy("Another operation holds the guest."), times=3)
    row = plan.begin()
    for attempt in (1, 2, 3):
        row = plan.run(row)
        assert (row.state, row.attempt, row.lease_until) == (State.RUNNING, attempt, None)
        assert 2**attempt - 1 < seconds_until(row.due_at) <= 2**attempt
    assert plan.run(row).state == State.SUCCEEDED
    assert plan.diary == ["do a", *["do b"] * 4, "do c", "succeeded"], "what is done is not done again"


def test_before_it_is_due_nobody_takes_it(plan: TinyPlan) -> None:
    plan.do["a"] = raising(GuestBusy("Busy."), times=1)
    row = plan.run(plan.begin())
    operations.execute(str(row.pk))
    assert plan.diary == ["do a"]
    assert not operations.due().exists()


def test_a_passing_error_that_does_not_pass_ends_it(plan: TinyPlan) -> None:
    plan.do["a"] = raising(GuestBusy("Another operation holds the guest."))
    row = plan.begin()
    for _ in range(ATTEMPTS):
        assert row.state != State.FAILED
        row = plan.run(row)
    assert (row.state, row.error["code"]) == (State.FAILED, "guest_busy")
    assert plan.diary == [*["do a"] * ATTEMPTS, "undo a", "failed"]


def test_what_nobody_foresaw_is_tried_again_then_given_up(plan: TinyPlan) -> None:
    plan.do["b"] = raising(ZeroDivisionError())
    row = plan.begin()
    for attempt in range(1, ATTEMPTS):
        row = plan.run(row)
        assert (row.state, row.attempt, row.lease_until) == (State.RUNNING, attempt, None)
        assert 0 < seconds_until(row.due_at) <= 30
    row = plan.run(row)
    assert (row.state, row.error["code"]) == (State.FAILED, "internal")
    assert plan.diary == ["do a", *["do b"] * ATTEMPTS, "undo b", "undo a", "failed"]


def test_cancelled_between_steps_it_undoes_only_what_began(plan: TinyPlan) -> None:
    plan.do["b"] = lambda run: operations.cancel(run.subject)
    done = plan.run(plan.begin())
    assert plan.diary == ["do a", "do b", "undo b", "undo a", "cancelled"]
    assert (done.state, done.error) == (State.CANCELLED, None)


def test_cancelled_after_the_last_step_it_still_undoes(plan: TinyPlan) -> None:
    plan.do["c"] = lambda run: operations.cancel(run.subject)
    assert plan.run(plan.begin()).state == State.CANCELLED
    assert plan.diary[-4:] == ["undo c", "undo b", "undo a", "cancelled"]


def test_cancelled_before_it_begins_it_does_nothing(plan: TinyPlan) -> None:
    row = plan.begin()
    operations.cancel(factories.instance_of(row))
    assert plan.run(row).state == State.CANCELLED
    assert plan.diary == ["cancelled"]


def test_progress_is_written_once_a_second(
    plan: TinyPlan, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
) -> None:
    monkeypatch.setattr(run_module, "PROGRESS_SECONDS", 3600)
    seen: list[object] = []

    def copy(run: Run) -> None:
        run.progress(0, 10)
        with django_assert_num_queries(0):
            for done in range(1, 10):
                run.progress(done, 10)
        seen.append(Operation.objects.get(pk=run.operation.pk).progress["done"])
        run.progress(10, 10)
        seen.append(Operation.objects.get(pk=run.operation.pk).progress["done"])

    plan.do["b"] = copy
    plan.run(plan.begin())
    assert seen == [0, 10], "the first word and the last are always written"


def test_a_long_step_notices_that_it_is_cancelled(plan: TinyPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "PROGRESS_SECONDS", 0)

    def copy(run: Run) -> None:
        run.progress(1, 10)
        operations.cancel(run.subject)
        run.progress(2, 10)
        plan.diary.append("copied on")

    plan.do["a"] = copy
    assert plan.run(plan.begin()).state == State.CANCELLED
    assert plan.diary == ["do a", "undo a", "cancelled"]


def test_undoing_cannot_be_cancelled(plan: TinyPlan) -> None:
    plan.do["b"] = raising(StorageFull("Full."))
    plan.undo["b"] = lambda run: (operations.cancel(run.subject), run.check())
    plan.run(plan.begin())
    assert plan.diary[:5] == ["do a", "do b", "undo b", "undo a", plan.diary[-1]]


def test_what_cannot_be_undone_at_first_is_tried_again(plan: TinyPlan) -> None:
    plan.do["c"] = raising(StorageFull("Full."))
    plan.undo["b"] = raising(GuestBusy("Busy."), times=UNDO_ATTEMPTS - 1)
    row = plan.begin()
    for _ in range(UNDO_ATTEMPTS - 1):
        row = plan.run(row)
        assert (row.state, row.lease_until) == (State.UNDOING, None)
        assert 0 < seconds_until(row.due_at) <= 30
    row = plan.run(row)
    assert (row.state, row.error["message"]) == (State.FAILED, "Full.")
    assert plan.diary.count("undo c") == 1, "what is undone is not undone again"
    assert plan.diary[-3:] == ["undo b", "undo a", "failed"]


def test_waiting_frees_the_worker_and_costs_no_attempt(plan: TinyPlan) -> None:
    until = timezone.now() + timedelta(seconds=60)
    plan.do["b"] = raising(Wait(until), times=ATTEMPTS * 2)
    row = plan.begin()
    for _ in range(ATTEMPTS * 2):
        row = plan.run(row)
        assert (row.state, row.attempt, row.lease_until, row.due_at) == (State.RUNNING, 0, None, until)
    assert plan.run(row).state == State.SUCCEEDED


def stop_when_told(plan: TinyPlan) -> None:
    """Let step b wait for the event "stopped", at most a minute."""

    def do(run: Run) -> None:
        if run.woken_by != "stopped":
            raise Wait(timezone.now() + timedelta(seconds=60))

    plan.do["b"] = do


def test_an_event_wakes_what_waits(plan: TinyPlan) -> None:
    stop_when_told(plan)
    row = plan.run(plan.begin())
    assert not operations.due().exists()
    operations.wake(row.subject_id, "stopped")
    assert list(operations.due()) == [row]
    operations.execute(str(row.pk))
    row.refresh_from_db()
    assert (row.state, row.woken_by) == (State.SUCCEEDED, "stopped")


def test_an_event_of_one_host_wakes_nothing_on_another(plan: TinyPlan) -> None:
    """The guest of a twin that was left behind, for one, is not the guest that is waited for."""
    stop_when_told(plan)
    row = plan.run(plan.begin())
    here, elsewhere = factories.HypervisorFactory(), factories.HypervisorFactory()
    Operation.objects.update(host=here)
    operations.wake(row.subject_id, "stopped", elsewhere.pk)
    assert not operations.due().exists()
    operations.wake(row.subject_id, "stopped", here.pk)
    assert list(operations.due()) == [row]


def test_an_event_that_comes_before_the_worker_has_let_go_is_not_lost(plan: TinyPlan) -> None:
    def do(run: Run) -> None:
        if run.woken_by != "stopped":
            operations.wake(run.operation.subject_id, "stopped")
            raise Wait(timezone.now() + timedelta(seconds=60))

    plan.do["b"] = do
    row = plan.run(plan.begin())
    assert list(operations.due()) == [row]
    operations.execute(str(row.pk))
    row.refresh_from_db()
    assert row.state == State.SUCCEEDED


@pytest.mark.parametrize("leave", [Wait(timezone.now() + timedelta(hours=1)), GuestBusy("Busy.")])
def test_a_cancellation_that_comes_before_the_worker_has_let_go_is_not_lost(
    plan: TinyPlan, leave: Exception
) -> None:
    def do(run: Run) -> None:
        operations.cancel(run.subject)
        raise leave

    plan.do["b"] = do
    row = plan.run(plan.begin())
    assert list(operations.due()) == [row], "it is undone at once, not when the waiting would have ended"
    operations.execute(str(row.pk))
    row.refresh_from_db()
    assert row.state == State.CANCELLED


def test_a_cancelled_one_that_cannot_be_undone_does_not_spin(plan: TinyPlan) -> None:
    plan.do["b"] = lambda run: operations.cancel(run.subject)
    plan.undo["b"] = raising(GuestBusy("Busy."))
    row = plan.begin()
    for _ in range(3):
        row = plan.run(row)
        assert row.state == State.UNDOING
        assert seconds_until(row.due_at) > 0.5


def test_events_of_other_instances_wake_nobody(plan: TinyPlan) -> None:
    stop_when_told(plan)
    row = plan.run(plan.begin())
    operations.wake(plan.begin().subject_id, "stopped")
    row.refresh_from_db()
    assert row.woken_by == ""


def test_the_second_in_line_waits_for_the_first(plan: TinyPlan) -> None:
    first = plan.begin()
    second = plan.begin(instance=factories.instance_of(first))
    elsewhere = plan.begin()
    assert set(operations.due()) == {first, elsewhere}
    assert plan.run(second).state == State.PENDING
    assert plan.diary == []
    plan.run(first)
    assert plan.run(second).state == State.SUCCEEDED


def test_the_end_and_the_instances_state_are_one(plan: TinyPlan) -> None:
    """When the rows cannot be written, the operation has not ended; it is tried again."""
    plan.ending = raising(ZeroDivisionError(), times=1)
    row = plan.begin()
    name = factories.instance_of(row).name
    row = plan.run(row)
    assert (row.state, row.finished_at, factories.instance_of(row).name) == (State.RUNNING, None, name)
    assert plan.run(row).state == State.SUCCEEDED
    assert Instance.objects.get(pk=row.subject_id).name == "succeeded"
    assert plan.diary.count("do c") == 1


@pytest.mark.parametrize("identity", ["00000000-0000-0000-0000-000000000000"])
def test_an_unknown_operation_is_nothing_to_do(plan: TinyPlan, identity: str) -> None:
    operations.execute(identity)
    assert plan.diary == []
