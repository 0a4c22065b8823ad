"""Whatever is raised, wherever: the operation ends in a state after finitely many claims, and frees its rows."""

from collections.abc import Callable

import pytest

from accounts.context import Context
from compute.driver.errors import StorageFull
from compute.engine import operations
from compute.engine.actions import registry
from compute.engine.models import Operation
from compute.engine.operations.execute import ATTEMPTS, UNDO_ATTEMPTS
from compute.instances.actions import begin
from compute.instances.states import TaskState, VmState
from tests import factories
from tests.compute.engine.tiny_plan import TinyPlan, raising
from tests.worker import run

pytestmark = pytest.mark.django_db
State = Operation.State
ENTRY = {"name": "gone", "label": "Gone", "began": "t", "ended": None, "undone": None}


def claims_until_closed(operation: Operation) -> tuple[Operation, int]:
    """Take it up as often as it takes; return it with how often that was."""
    for claims in range(1, ATTEMPTS + UNDO_ATTEMPTS + 2):
        operation = run(operation)
        if operation.state not in Operation.OPEN:
            return operation, claims
    raise AssertionError(f"still {operation.state}")


def break_endings(plan: TinyPlan, *names: str) -> None:
    """Let these endings raise, as when rows cannot be written."""

    def ending(operation: Operation) -> None:
        if plan.diary[-1] in names:
            raise ValueError(plan.diary[-1])

    plan.ending = ending


@pytest.mark.parametrize(
    ("prepare", "state", "claims"),
    [
        (lambda plan: plan.do.update(b=raising(Exception("Oh."))), State.FAILED, ATTEMPTS),
        (lambda plan: plan.do.update(a=raising(KeyError("x"))), State.FAILED, ATTEMPTS),
        (lambda plan: break_endings(plan, "succeeded"), State.FAILED, ATTEMPTS),
        (
            lambda plan: break_endings(plan, "succeeded", "failed"),
            State.STUCK,
            ATTEMPTS + UNDO_ATTEMPTS - 1,
        ),
        (
            lambda plan: break_endings(plan, "succeeded", "failed", "stuck"),
            State.STUCK,
            ATTEMPTS + UNDO_ATTEMPTS - 1,
        ),
        (
            lambda plan: (
                plan.do.update(b=raising(StorageFull("Full."))),
                break_endings(plan, "failed"),
            ),
            State.STUCK,
            UNDO_ATTEMPTS,
        ),
    ],
    ids=["step", "first step", "success", "success and failure", "every ending", "failure"],
)
def test_it_ends(plan: TinyPlan, prepare: Callable[[TinyPlan], object], state: str, claims: int) -> None:
    prepare(plan)
    done, taken = claims_until_closed(plan.begin())
    assert (done.state, taken) == (state, claims)
    assert done.finished_at is not None
    assert done.lease_until is None or not operations.due().exists()


def test_where_every_ending_fails_the_row_is_free_and_in_error(plan: TinyPlan) -> None:
    break_endings(plan, "succeeded", "failed", "stuck")
    operation = plan.begin(instance__task_state=TaskState.REBOOTING)
    claims_until_closed(operation)
    row = factories.instance_of(operation)
    assert (row.vm_state, row.task_state) == (VmState.ERROR, None)
    assert row.fault["code"] == "stuck"


def test_our_own_failure_says_where_to_look(plan: TinyPlan) -> None:
    plan.do["b"] = raising(Exception("a secret of the inside"))
    done, _claims = claims_until_closed(plan.begin())
    assert done.error == {
        "code": "internal",
        "message": "Meridian itself failed at this. The worker's log says why.",
    }


@pytest.mark.parametrize(("timeline", "state"), [([], State.FAILED), ([ENTRY], State.STUCK)])
def test_a_kind_that_this_version_does_not_know(timeline: list[dict[str, object]], state: str) -> None:
    operation = factories.OperationFactory(
        kind="instance.levitate", timeline=timeline, instance__task_state="levitating", secrets="x"
    )
    waiting = factories.OperationFactory()
    done, claims = claims_until_closed(operation)
    assert (done.state, claims, done.secrets) == (state, 1, "")
    assert done.error["code"] == "unknownKind"
    assert (done.leftovers or [{}])[0].get("step") == (timeline[0]["name"] if timeline else None)
    row = factories.instance_of(operation)
    assert (row.vm_state, row.task_state) == (VmState.ERROR, None)
    assert "does not know this action" in row.fault["message"]
    assert waiting in operations.due()


def test_behind_a_kind_that_is_not_known_others_go_on(as_alice: Context) -> None:
    operation = factories.OperationFactory(kind="instance.levitate", instance__project=as_alice.project)
    purge = begin(as_alice, "instance.purge", operation.subject_id)
    assert list(operations.due()) == [operation]
    run(operation)
    row = factories.instance_of(operation)
    assert row.task_state == TaskState.DELETING, "the next in line says what comes"
    assert list(operations.due()) == [purge]
    assert run(purge).state == State.SUCCEEDED


def test_a_noun_that_this_version_does_not_know() -> None:
    operation = factories.OperationFactory(kind="comet.chase", subject_type="comet")
    done, claims = claims_until_closed(operation)
    assert (done.state, claims) == (State.FAILED, 1)


def test_a_step_of_an_older_version_that_must_be_undone(plan: TinyPlan) -> None:
    operation = plan.begin(state=State.UNDOING, error={"code": "x", "message": "y"}, timeline=[ENTRY])
    done, claims = claims_until_closed(operation)
    assert (done.state, claims, plan.diary) == (State.STUCK, 1, ["stuck"])
    assert done.leftovers == [
        {
            "step": "gone",
            "label": "Gone",
            "reason": "This version of Meridian does not know the step, so it cannot undo it.",
        }
    ]


def test_a_subject_that_is_gone(plan: TinyPlan) -> None:
    plan.do["a"] = lambda run: run.subject
    operation = plan.begin()
    factories.instance_of(operation).delete()
    done, _claims = claims_until_closed(operation)
    assert done.state == State.FAILED


def test_every_action_ends_when_its_first_step_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the verb, failing leaves no task behind."""
    for name, action in registry.actions().items():
        if action.move is None:
            continue
        tiny = TinyPlan(do={"a": raising(Exception("Oh."))})
        monkeypatch.setattr(action, "steps", tiny.steps)
        if action.noun != "instance":
            continue
        instance = factories.InstanceFactory(
            vm_state=sorted(action.move.start)[0], task_state=action.move.task, restore_to=VmState.STOPPED
        )
        operation = factories.OperationFactory(
            instance=instance, kind=name, parameters=factories.what_it_makes(action.verb)
        )
        done, _claims = claims_until_closed(operation)
        assert done.state == State.FAILED, name
        assert factories.instance_of(operation).task_state is None, name
