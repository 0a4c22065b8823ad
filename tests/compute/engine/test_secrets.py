"""Passwords for guests: sealed in the operation's row, forgotten when it ends, written nowhere else."""

import pytest
from django.apps import apps

from accounts.context import Context
from compute.driver.errors import StorageFull
from compute.engine import operations
from compute.engine.models import Operation
from compute.engine.operations import Run
from compute.engine.services import secrets
from compute.instances.actions import begin
from tests import factories
from tests.compute.engine.tiny_plan import TinyPlan, raising
from tests.worker import run

pytestmark = pytest.mark.django_db
State = Operation.State
PASSWORD = "sesame open"


def everything_written() -> str:
    """The values of every row of every table."""
    return str([list(model._default_manager.values()) for model in apps.get_models()])


def test_what_is_sealed_comes_back_whole_and_reads_like_nothing() -> None:
    values = {"admin_password": PASSWORD, "other": "ü\n\0 '"}
    sealed = secrets.seal(values)
    assert secrets.unseal(sealed) == values
    assert PASSWORD not in sealed
    assert "admin_password" not in sealed
    assert sealed != secrets.seal(values), "two of a kind do not look alike"


@pytest.mark.parametrize("text", ["", "rubbish", secrets.seal({})])
def test_of_nothing_and_of_rubbish_there_is_nothing(text: str) -> None:
    assert secrets.unseal(text) == {}


@pytest.mark.parametrize(
    ("verb", "more"), [("set_password", {"user": "root"}), ("rescue", {}), ("rebuild", {})]
)
def test_no_row_can_be_read_for_it(as_alice: Context, verb: str, more: dict[str, str]) -> None:
    web = factories.InstanceFactory(project=as_alice.project, agent={})
    parameters = {"admin_password": PASSWORD, **more}
    operation = begin(as_alice, f"instance.{verb}", web.pk, parameters=parameters)
    assert operation is not None
    assert secrets.unseal(operation.secrets) == {"admin_password": PASSWORD}
    assert PASSWORD not in everything_written()
    done = run(operation)  # it never found a host
    assert (done.state, done.secrets) == (State.FAILED, "")
    assert PASSWORD not in everything_written()


def test_steps_read_it(plan: TinyPlan) -> None:
    seen: list[object] = []
    plan.do["b"] = lambda one: seen.append(one.secrets)
    done = plan.run(plan.begin(secrets=secrets.seal({"admin_password": PASSWORD})))
    assert (seen, done.secrets) == ([{"admin_password": PASSWORD}], "")


@pytest.mark.parametrize("how", ["succeeded", "failed", "cancelled", "stuck"])
def test_however_it_ends_it_is_forgotten(plan: TinyPlan, how: str) -> None:
    def cancel(one: Run) -> None:
        operations.cancel(one.subject)

    match how:
        case "failed" | "stuck":
            plan.do["b"] = raising(StorageFull("Full."))
        case "cancelled":
            plan.do["b"] = cancel
    if how == "stuck":
        plan.undo["a"] = raising(StorageFull("Full."))
    row = plan.begin(secrets=secrets.seal({"admin_password": PASSWORD}))
    while row.state in Operation.OPEN:
        assert row.secrets
        row = plan.run(row)
    assert (row.state, row.secrets) == (how, "")
