"""Runs one operation from where it stands to where it ends."""

from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.errors import MeridianError
from compute.driver.errors import DriverError
from compute.engine.models import Operation
from compute.engine.operations.run import Cancelled, LeaseLost, Run, Wait
from compute.engine.operations.steps import Plan, Step, plans
from compute.engine.services import dispatch
from compute.engine.services.failpoints import failpoint
from compute.instances.models import Instance

log = structlog.get_logger(__name__)

ATTEMPTS = 6
"""How often an operation is taken up before it is given up and undone; waiting for an event is free."""

State = Operation.State


def execute(operation_id: str) -> None:
    """Claim the operation and do what is left of it. Does nothing when it is done, early, or in other hands."""
    run = Run.claim(operation_id)
    if run is None:
        return
    plan = plans[run.operation.kind]
    try:
        with run:
            failpoint(f"{run.operation.kind}.claim")
            if run.operation.state == State.RUNNING:
                _forward(run, plan)
            if run.operation.state == State.UNDOING:
                _backward(run, plan)
    except LeaseLost:
        log.warning("another worker took over", kind=run.operation.kind, operation=operation_id)


def _forward(run: Run, plan: Plan) -> None:
    """Do the steps that are not done; on failure or cancellation turn the operation round."""
    try:
        if run.operation.attempt > ATTEMPTS:
            raise _GivenUp
        for step in plan.steps:
            if not _ended(run.operation, step):
                run.check()
                _begin(run, step)
                step.do(run)
                failpoint(f"{run.operation.kind}.{step.name}")
                _end(run, step)
        run.check()
    except Wait as wait:
        run.write(attempt=run.operation.attempt - 1)
        run.release(until=wait.until)
        _announce_if_due(run)
    except Cancelled:
        run.write(state=State.UNDOING, cancel_requested=True, progress=None)
    except DriverError as error:
        if error.retryable and run.operation.attempt < ATTEMPTS:
            _retry_later(run, error)
        else:
            _turn_round(run, error.code, str(error))
    except MeridianError as error:
        _turn_round(run, error.code, str(error))
    else:
        failpoint(f"{run.operation.kind}.close")
        _close(run, plan, State.SUCCEEDED)


def _backward(run: Run, plan: Plan) -> None:
    """Undo every step that has begun, last first; what cannot be undone now is tried until it can."""
    by_name = {step.name: step for step in plan.steps}
    for entry in reversed(run.operation.timeline):
        if entry["undone"] is None:
            try:
                by_name[entry["name"]].undo(run)
            except DriverError as error:
                _retry_later(run, error)
                return
            entry["undone"] = _now()
            run.write(timeline=run.operation.timeline)
    _close(run, plan, State.CANCELLED if run.operation.cancel_requested else State.FAILED)


class _GivenUp(MeridianError):
    code = "givenUp"
    text = gettext_lazy("The workers that ran this died or failed again and again. Their log says why.")


def _turn_round(run: Run, code: str, message: str) -> None:
    log.warning("failed", kind=run.operation.kind, instance=str(run.operation.instance_id), error=message)
    run.write(state=State.UNDOING, error={"code": code, "message": message}, progress=None)


def _retry_later(run: Run, error: DriverError) -> None:
    """Wait longer after each attempt, at most half a minute."""
    delay = timedelta(seconds=min(30, 2**run.operation.attempt))
    log.info("retry", kind=run.operation.kind, seconds=delay.total_seconds(), error=str(error))
    run.release(delay=delay)


def _close(run: Run, plan: Plan, state: Operation.State) -> None:
    """End the operation and its instance's task in one transaction, then let the next in line begin."""
    operation = run.operation
    with transaction.atomic():
        # Instance first, operation second: whoever begins another operation takes the locks in this order.
        Instance.objects.select_for_update().get(pk=operation.instance_id)
        run.write(state=state, step="", finished_at=timezone.now(), progress=None)
        match state:
            case State.SUCCEEDED:
                plan.succeeded(operation)
            case State.CANCELLED:
                plan.cancelled(operation)
            case _:
                plan.failed(operation)
        for waiting in (
            Operation.objects.open().filter(instance_id=operation.instance_id).order_by("sequence")
        ):
            dispatch.hint(waiting.pk)
    took = (timezone.now() - operation.created_at).total_seconds()
    log.info(state, kind=operation.kind, instance=str(operation.instance_id), seconds=round(took, 2))


def _announce_if_due(run: Run) -> None:
    """An event that came while the step was being left would find nobody; look once more."""
    if Operation.objects.filter(pk=run.operation.pk, due_at__lte=timezone.now()).exists():
        dispatch.hint(run.operation.pk)


def _entry(operation: Operation, step: Step) -> dict[str, Any] | None:
    return next((entry for entry in operation.timeline if entry["name"] == step.name), None)


def _ended(operation: Operation, step: Step) -> bool:
    entry = _entry(operation, step)
    return entry is not None and entry["ended"] is not None


def _begin(run: Run, step: Step) -> None:
    """List the step before it acts: whoever undoes must know what may be there."""
    timeline = run.operation.timeline
    if _entry(run.operation, step) is None:
        timeline.append(
            {"name": step.name, "label": step.label, "began": _now(), "ended": None, "undone": None}
        )
    run.write(step=step.name, timeline=timeline, progress=None)


def _end(run: Run, step: Step) -> None:
    entry = _entry(run.operation, step)
    if entry is not None:
        entry["ended"] = _now()
    run.write(timeline=run.operation.timeline)


def _now() -> str:
    return timezone.now().isoformat(timespec="milliseconds")
