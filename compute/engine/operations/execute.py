"""The execution of one operation: its remaining steps, or their undoing."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.errors import MeridianError
from compute.driver.errors import DriverError
from compute.engine import kinds
from compute.engine.models import Operation
from compute.engine.operations import queue
from compute.engine.operations.leftovers import describe_leftovers
from compute.engine.operations.locking import lock_rows
from compute.engine.operations.run import Cancelled, LeaseLost, Run, Wait
from compute.engine.operations.steps import Plan, Step, Where, plans
from compute.engine.services import dispatch, served_host, transitions
from compute.engine.services.failpoints import failpoint

log = structlog.get_logger(__name__)

ATTEMPTS = 6
"""Attempts at an operation before it is undone. Waiting for an event is no attempt."""

UNDO_ATTEMPTS = 10
"""Attempts at undoing, with pauses of up to half a minute, before the operation ends as stuck."""

INTERNAL = {
    "code": "internal",
    "message": gettext_noop("Meridian itself failed at this. The worker's log says why."),
}
State = Operation.State


class _HandedOver(Exception):
    """The operation continues in a worker of another host."""


def execute(operation_id: str) -> None:
    """Claim the operation and run its remaining steps. Do nothing if it has ended, is not due or is claimed."""
    run = Run.claim(operation_id)
    if run is None:
        return
    plan = plans.get(run.operation.kind)
    try:
        with run:
            failpoint(f"{run.operation.kind}.claim")
            if plan is None:
                _close_unknown(run)
                return
            if run.operation.state == State.RUNNING:
                _run_steps(run, plan)
            if run.operation.state == State.UNDOING:
                _undo_steps(run, plan)
    except LeaseLost:
        log.warning("another worker took over", kind=run.operation.kind, operation=operation_id)


def _run_steps(run: Run, plan: Plan) -> None:
    """Run the steps that have not ended. Begin to undo on failure or cancellation."""
    try:
        _enforce_attempts(run, ATTEMPTS)
        for step in plan.steps:
            if not _ended(run.operation, step):
                _begin(run, step, **_ensure_host(run, step))
                step.do(run)
                failpoint(f"{run.operation.kind}.{step.name}")
                _note_end(run, step)
        failpoint(f"{run.operation.kind}.close")
        _close(run, plan, State.SUCCEEDED, timeline=run.operation.timeline)
    except Wait as wait:
        run.write(attempt=run.operation.attempt - 1)
        run.release(until=wait.until)
        _announce_if_due(run)
    except _HandedOver:
        return
    except Cancelled:
        _begin_undo(run, run.operation.error, cancel_requested=True)
    except Exception as error:  # noqa: BLE001 - any exception of a step must end in a state, never in a loop
        _retry_or_undo(run, error)


def _retry_or_undo(run: Run, error: Exception) -> None:
    """Schedule another attempt at a failed step, or begin to undo if the error or the attempts rule it out."""
    if isinstance(error, DriverError | MeridianError):
        fault, retryable = {"code": error.code, "message": str(error)}, error.retryable
    else:
        log.exception("step raised", kind=run.operation.kind, step=run.operation.step)
        fault, retryable = INTERNAL, True
    if retryable and run.operation.attempt < ATTEMPTS:
        _retry_later(run, error)
    else:
        _begin_undo(run, fault)


def _undo_steps(run: Run, plan: Plan) -> None:
    """Undo every step that has begun, last first. End as stuck once the attempts are used up."""
    by_name = {step.name: step for step in plan.steps}
    try:
        _enforce_attempts(run, UNDO_ATTEMPTS)
        for entry in reversed(run.operation.timeline):
            if entry["undone"] is None:
                step = _find_step(by_name, entry["name"])
                if fields := _ensure_host(run, step):
                    run.write(**fields)
                step.undo(run)
                failpoint(f"{run.operation.kind}.{step.name}.undo")
                entry["undone"] = _now()
                run.write(timeline=run.operation.timeline)
        _close(run, plan, State.CANCELLED if run.operation.cancel_requested else State.FAILED)
    except _HandedOver:
        return
    except Exception as error:
        if not isinstance(error, DriverError | MeridianError):
            log.exception("undo raised", kind=run.operation.kind)
        if run.operation.attempt < UNDO_ATTEMPTS and not isinstance(error, _UnknownStep):
            _retry_later(run, error)
        else:
            _close_stuck(run, plan, error)


class _GivenUp(MeridianError):
    code = "givenUp"
    text = gettext_lazy("The workers that ran this died or failed again and again. Their log says why.")


class _UnknownStep(MeridianError):
    code = "unknownStep"
    text = gettext_lazy("This version of Meridian does not know the step, so it cannot undo it.")


class _UnknownKind(MeridianError):
    code = "unknownKind"
    text = gettext_lazy("This version of Meridian does not know this action.")


def _enforce_attempts(run: Run, most: int) -> None:
    """Raise _GivenUp if the operation was attempted more often than allowed, since workers died of it."""
    if run.operation.attempt > most:
        raise _GivenUp


def _find_step(steps: Mapping[str, Step], name: str) -> Step:
    """Return the step of this name. Raise _UnknownStep."""
    if name not in steps:
        raise _UnknownStep
    return steps[name]


def _ensure_host(run: Run, step: Step) -> dict[str, Any]:
    """Hand the operation over if the step must run on another host. Return the columns to write before the step.

    Raise _HandedOver.
    """
    if step.where == Where.ANYWHERE:
        return {}
    # It occupies its subject, which so stays on the host that an earlier step has found.
    if run.operation.host_id is not None and run.operation.host_id == served_host.host_id():
        return {}
    subject = run.subject
    host = kinds.kind_of(subject).host(subject) or run.operation.host_id
    if host is not None and served_host.host_id() not in {None, host}:
        run.hand_over(host)
        dispatch.send(run.operation.pk, host)
        raise _HandedOver
    return {"host_id": host} if host is not None else {}


def _begin_undo(run: Run, error: dict[str, Any] | None, **fields: Any) -> None:
    """Begin to undo the operation, with a new count of attempts."""
    log.warning("failed", kind=run.operation.kind, subject=str(run.operation.subject_id), error=error)
    run.write(state=State.UNDOING, error=error, progress=None, attempt=1, **fields)


def _retry_later(run: Run, error: Exception) -> None:
    """Release the operation for a pause that grows with each attempt, up to half a minute."""
    delay = timedelta(seconds=min(30, 2**run.operation.attempt))
    log.info("retry", kind=run.operation.kind, seconds=delay.total_seconds(), error=str(error))
    run.write(timeline=run.operation.timeline)  # if only the ending failed, the last step has ended
    run.release(delay=delay)


def _close(run: Run, plan: Plan, state: Operation.State, **fields: Any) -> None:
    """End the operation and its subject's task in one transaction, and announce the operations that waited.

    Raise LeaseLost, and Cancelled before a success.
    """
    operation = run.operation
    earlier_values = {name: getattr(operation, name) for name in ("state", "step", "finished_at", "progress")}
    ending = {
        State.SUCCEEDED: plan.succeeded,
        State.CANCELLED: plan.cancelled,
        State.FAILED: plan.failed,
        State.STUCK: plan.stuck,
    }[state]
    try:
        with transaction.atomic():
            # The rows first, the operation second: `begin` takes the locks in this order.
            lock_rows(operation)
            # A cancellation that came in time undoes even an operation whose steps have all ended.
            write = run.go_on if state == State.SUCCEEDED else run.write
            write(state=state, step="", finished_at=timezone.now(), progress=None, secrets="", **fields)
            ending(operation)
            for waiting, host in queue.waiting_behind(operation).values_list("pk", "host"):
                dispatch.send_on_commit(waiting, host)
    except BaseException:
        for name, value in earlier_values.items():
            setattr(operation, name, value)
        raise
    seconds = (timezone.now() - operation.created_at).total_seconds()
    log.info(state, kind=operation.kind, subject=str(operation.subject_id), seconds=round(seconds, 2))


def _close_stuck(run: Run, plan: Plan, error: Exception) -> None:
    """End the operation as stuck with its leftovers. If the action's own ending fails too, end without it."""
    leftovers = _leftovers(run.operation, error)
    try:
        _close(run, plan, State.STUCK, leftovers=leftovers)
    except Exception:
        log.exception("ending raised", kind=run.operation.kind)
        _abandon(run, State.STUCK, {"code": "stuck", "message": describe_leftovers(leftovers)}, leftovers)


def _close_unknown(run: Run) -> None:
    """End an operation of a kind unknown to this version: as stuck if steps had begun, else as failed."""
    error = _UnknownKind()
    leftovers = _leftovers(run.operation, error)
    state = State.STUCK if leftovers else State.FAILED
    _abandon(run, state, {"code": error.code, "message": str(error)}, leftovers or None)


@transaction.atomic
def _abandon(
    run: Run, state: Operation.State, fault: dict[str, str], leftovers: list[dict[str, str]] | None
) -> None:
    """End an operation without its action. Put the rows that no other operation waits for into error."""
    operation, registered_kinds = run.operation, kinds.registered()
    lock_rows(operation)
    run.write(
        state=state,
        step="",
        error=operation.error or fault,
        finished_at=timezone.now(),
        progress=None,
        secrets="",
        leftovers=leftovers,
    )
    for hold in operation.holds.filter(shared=False, resource_type__in=registered_kinds):
        kind = registered_kinds[hold.resource_type]
        row = kind.model._default_manager.filter(pk=hold.resource_id).first()
        if (
            row is not None
            and kinds.state_of(row) not in kind.deleted_states
            and not queue.is_awaited(operation, row.pk)
        ):
            transitions.fail(row, fault, kind.error_state)
    for waiting, host in queue.waiting_behind(operation).values_list("pk", "host"):
        dispatch.send_on_commit(waiting, host)


def _leftovers(operation: Operation, error: Exception) -> list[dict[str, str]]:
    """Return the steps that began and are not undone, beginning with the one that failed."""
    entries = [entry for entry in reversed(operation.timeline) if entry["undone"] is None]
    return [
        {"step": entry["name"], "label": entry["label"], "reason": str(error) if number == 0 else ""}
        for number, entry in enumerate(entries)
    ]


def _announce_if_due(run: Run) -> None:
    """Announce the operation if an event made it due while the step was ending."""
    if Operation.objects.filter(pk=run.operation.pk, due_at__lte=timezone.now()).exists():
        dispatch.send_on_commit(run.operation.pk, run.operation.host_id)


def _entry(operation: Operation, step: Step) -> dict[str, Any] | None:
    return next((entry for entry in operation.timeline if entry["name"] == step.name), None)


def _ended(operation: Operation, step: Step) -> bool:
    entry = _entry(operation, step)
    return entry is not None and entry["ended"] is not None


def _begin(run: Run, step: Step, **fields: Any) -> None:
    """List the step in the timeline before it acts, so that undoing knows of it. Raise LeaseLost, Cancelled."""
    timeline, entry = list(run.operation.timeline), _entry(run.operation, step)
    if entry is None:
        entry = {"name": step.name, "label": step.label, "began": _now(), "ended": None, "undone": None}
        timeline.append(entry)
    entry["host"] = settings.HOST
    run.go_on(step=step.name, timeline=timeline, progress=None, **fields)


def _note_end(run: Run, step: Step) -> None:
    """Note that the step has ended. It is written with the beginning of the next, or before the operation ends.

    A worker that dies before repeats the step, as one does that dies just before it could write.
    """
    entry = _entry(run.operation, step)
    if entry is not None:
        entry["ended"] = _now()


def _now() -> str:
    return timezone.now().isoformat(timespec="milliseconds")
