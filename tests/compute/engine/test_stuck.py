"""What cannot be undone: it ends, says what is left, and can be tried again or deleted for good."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.context import Context
from accounts.errors import Conflict, Forbidden, NotFound
from accounts.models import AuditEvent
from compute.driver.errors import GuestBusy, StorageFull
from compute.engine import operations
from compute.engine.actions import registry, retrying
from compute.engine.models import Operation
from compute.engine.operations.execute import UNDO_ATTEMPTS
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.states import VmState
from compute.management import consistency, health
from compute.networks.models import Network
from tests import factories
from tests.compute.engine.tiny_plan import TinyPlan, raising
from tests.worker import run, work

pytestmark = pytest.mark.django_db
State = Operation.State


@pytest.fixture
def failpoints(settings: LazySettings, tmp_path: Path) -> Path:
    """A folder whose files say what must fail."""
    settings.FAILPOINTS = str(tmp_path)
    return tmp_path


@pytest.fixture
def stuck_stop(as_alice: Context, failpoints: Path, monkeypatch: pytest.MonkeyPatch) -> Operation:
    """A stop whose steps act on nothing: the first was done, the second fails, and the first's undo does, too."""
    tiny = TinyPlan(names="ab", do={"b": raising(StorageFull("The disk is full."))})
    monkeypatch.setattr(registry.actions()["instance.stop"], "steps", tiny.steps)
    web = factories.InstanceFactory(project=as_alice.project, name="web")
    failpoints.joinpath("fail-instance.stop.a.undo").touch()
    operation = begin(as_alice, "instance.stop", web.pk)
    assert operation is not None
    return run_until_closed(operation)


def run_until_closed(operation: Operation) -> Operation:
    """As workers do over the minutes; an operation that never expires is a failure here."""
    for _ in range(UNDO_ATTEMPTS + 1):
        operation = run(operation)
        if operation.state not in Operation.OPEN:
            return operation
    raise AssertionError(f"still {operation.state}")


def on(operation: Operation) -> Instance:
    return factories.instance_of(operation)


@pytest.mark.parametrize("error", [GuestBusy("Busy."), StorageFull("Full."), ZeroDivisionError("Oh.")])
def test_an_undo_that_always_fails_ends_as_stuck(plan: TinyPlan, error: Exception) -> None:
    plan.do["c"] = raising(StorageFull("Full."))
    plan.undo["b"] = raising(error)
    done = run_until_closed(plan.begin())
    assert (done.state, done.error["message"]) == (State.STUCK, "Full.")
    assert plan.diary.count("undo b") == UNDO_ATTEMPTS
    assert plan.diary[-1] == "stuck"
    assert done.leftovers == [
        {"step": "b", "label": "B", "reason": str(error)},
        {"step": "a", "label": "A", "reason": ""},
    ]
    assert done.finished_at is not None
    assert not operations.due().exists()


def test_the_instance_is_in_error_and_says_what_was_left(stuck_stop: Operation) -> None:
    assert (stuck_stop.state, stuck_stop.error["message"]) == (State.STUCK, "The disk is full.")
    assert [row["step"] for row in stuck_stop.leftovers] == ["a"]
    row = on(stuck_stop)
    assert (row.vm_state, row.task_state) == (VmState.ERROR, None)
    assert row.fault["message"] == "The step “A” could not be undone: instance.stop.a.undo"
    event = AuditEvent.objects.get(outcome="failed")
    assert (event.action, event.target_id) == ("instance.stop", str(row.pk))


def test_audit_and_health_name_it(stuck_stop: Operation) -> None:
    (found,) = consistency.differences()
    assert found.what == f"operation {stuck_stop.pk}"
    assert "“A” could not be undone" in found.sentence
    (check,) = (check for check in health.checks() if check.name == "Operations")
    assert not check.ok
    assert "1 stuck. instance.stop web: The step “A” could not be undone" in check.detail
    assert "Undo once more" in check.fix
    Operation.objects.all().delete()
    (check,) = (check for check in health.checks() if check.name == "Operations")
    assert (check.ok, check.detail) == (True, "none is stuck")


def test_deleting_for_good_settles_it(as_alice: Context, stuck_stop: Operation) -> None:
    begin(as_alice, "instance.purge", stuck_stop.subject_id)
    work()
    assert on(stuck_stop).vm_state == VmState.DELETED
    stuck_stop.refresh_from_db()
    assert (stuck_stop.state, stuck_stop.leftovers) == (State.FAILED, None)
    assert consistency.differences() == []


def test_tried_again_when_the_cause_is_gone_it_is_undone(
    as_root: Context, stuck_stop: Operation, failpoints: Path
) -> None:
    failpoints.joinpath("fail-instance.stop.a.undo").unlink()
    retrying.retry(as_root, stuck_stop.pk)
    assert list(operations.due()) == [stuck_stop]
    work()
    stuck_stop.refresh_from_db()
    assert (stuck_stop.state, stuck_stop.leftovers) == (State.FAILED, None)
    assert all(entry["undone"] for entry in stuck_stop.timeline)
    assert on(stuck_stop).fault["message"] == "The disk is full."
    event = AuditEvent.objects.get(action="operation.retry")
    assert (event.user_name, event.target_type, event.target_name) == ("root", "instance", "web")
    assert event.detail == {"operation": str(stuck_stop.pk), "kind": "instance.stop"}
    assert consistency.differences() == []


def test_tried_again_in_vain_it_is_stuck_again(as_root: Context, stuck_stop: Operation) -> None:
    retrying.retry(as_root, stuck_stop.pk)
    again = run_until_closed(stuck_stop)
    assert (again.state, len(again.leftovers)) == (State.STUCK, 1)


def test_what_was_done_since_is_not_undone_with_it(
    as_root: Context, as_alice: Context, stuck_stop: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was made to run anew: undoing an old launch, for one, would delete the disk beneath it."""
    monkeypatch.setattr(registry.actions()["instance.force_reboot"], "steps", ())
    begin(as_alice, "instance.force_reboot", stuck_stop.subject_id)
    for _ in range(2):
        with pytest.raises(Conflict, match="Something else was done to web since"):
            retrying.retry(as_root, stuck_stop.pk)
        work()
    stuck_stop.refresh_from_db()
    assert stuck_stop.state == State.STUCK
    assert on(stuck_stop).vm_state == VmState.ACTIVE


def test_a_stuck_clone_can_be_undone_after_its_copy_is_gone(
    as_alice: Context, as_root: Context, network: Network, failpoints: Path
) -> None:
    source = factories.InstanceFactory(project=as_alice.project, name="source")
    failpoints.joinpath("fail-instance.clone.copy_disk.undo").touch()
    cloning = begin(as_alice, "instance.clone", source.pk, parameters={"name": "copy"})
    assert cloning is not None
    assert run_until_closed(cloning).state == State.STUCK
    copy = Instance.objects.get(pk=cloning.parameters["copy"])
    assert (on(cloning).vm_state, copy.vm_state) == (VmState.ERROR, VmState.ERROR)
    begin(as_alice, "instance.purge", copy.pk)
    work()
    failpoints.joinpath("fail-instance.clone.copy_disk.undo").unlink()
    retrying.retry(as_root, cloning.pk)
    work()
    cloning.refresh_from_db()
    copy.refresh_from_db()
    assert (cloning.state, copy.vm_state) == (State.FAILED, VmState.DELETED)


def test_who_may_try_again_and_what(
    as_alice: Context, as_max: Context, as_root: Context, stuck_stop: Operation
) -> None:
    for asker in (as_alice, as_max):
        with pytest.raises(Forbidden, match="need the role “admin”"):
            retrying.retry(asker, stuck_stop.pk)
    for key in ("", "x", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotFound):
            retrying.retry(as_root, key)
    Operation.objects.update(state=State.FAILED)
    with pytest.raises(Conflict, match="not stuck"):
        retrying.retry(as_root, stuck_stop.pk)


def test_the_activity_shows_what_is_left_and_offers_to_administrators(
    as_alice: Context, as_root: Context, stuck_stop: Operation, failpoints: Path
) -> None:
    address = reverse("operation-retry", args=[stuck_stop.pk])
    pages = [reverse("activity"), reverse("instance-activity", args=[stuck_stop.subject_id])]
    Operation.objects.update(host=factories.HypervisorFactory(name="host-a"))
    for context, offered in ((as_alice, False), (as_root, True)):
        client = Client()
        client.force_login(context.user, backend="accounts.authentication.PasswordBackend")
        for page in pages:
            text = client.get(page).content.decode()
            assert "Stuck" in text
            assert "Left on the host host-a:" in text
            assert "A: instance.stop.a.undo" in text
            assert (address in text) is offered
        assert client.get(address).status_code == 405
        assert client.post(address).status_code == (302 if offered else 403)
    stuck_stop.refresh_from_db()
    assert stuck_stop.state == State.UNDOING
    failpoints.joinpath("fail-instance.stop.a.undo").unlink()
    assert run(stuck_stop).state == State.FAILED


def test_deaths_while_undoing_count(plan: TinyPlan) -> None:
    """Undoing that kills its worker each time ends too."""
    row = plan.begin(
        state=State.UNDOING,
        attempt=UNDO_ATTEMPTS,
        error={"code": "x", "message": "y"},
        timeline=[{"name": "a", "label": "A", "began": "t", "ended": None, "undone": None}],
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    done = plan.run(row)
    assert (done.state, plan.diary) == (State.STUCK, ["stuck"])
    assert "died or failed again and again" in done.leftovers[0]["reason"]
