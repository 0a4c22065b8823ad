"""An instance whose launch has failed: what is offered, what is said, and for how long."""

import pytest
from django.test import Client

from accounts.context import Context
from accounts.errors import Conflict
from compute.engine.actions.permitted import choices
from compute.engine.models import Operation
from compute.engine.services import transitions
from compute.instances.actions import begin
from compute.instances.models import Instance
from compute.instances.states import VmState
from tests import factories
from tests.instance_actions import ALL
from tests.worker import run

pytestmark = pytest.mark.django_db
NEED_NO_GUEST = {"launch", "delete", "purge"}
FAULT = {"code": "no_host", "message": "No host has room for it."}


@pytest.fixture
def failed(as_alice: Context) -> Instance:
    image = factories.ImageFactory(default_user="root")
    row = factories.InstanceFactory(
        project=as_alice.project,
        name="failed",
        image=image,
        vm_state=VmState.ERROR,
        launched_at=None,
        fault=FAULT,
    )
    factories.PortFactory(instance=row)
    return row


def test_only_what_needs_no_guest_is_offered(as_alice: Context, failed: Instance) -> None:
    offered = {choice.action.verb for choice in choices(as_alice, failed)}
    assert "delete" in offered
    assert not {verb for verb in offered if ALL[verb].steps} - NEED_NO_GUEST


@pytest.mark.parametrize("verb", sorted(verb for verb in ALL if ALL[verb].steps and ALL[verb].order))
def test_no_verb_that_needs_a_guest_begins(as_root: Context, failed: Instance, verb: str) -> None:
    """Whatever state an administrator gives it."""
    if verb in NEED_NO_GUEST:
        return
    for state in set(VmState) - {VmState.DELETED}:
        Instance.objects.update(vm_state=state)
        with pytest.raises(Conflict):
            begin(as_root, f"instance.{verb}", failed.pk)
    assert not Operation.objects.exists()


def test_it_can_be_deleted(as_alice: Context, failed: Instance) -> None:
    operation = begin(as_alice, "instance.delete", failed.pk)
    assert operation is not None
    assert run(operation).state == Operation.State.SUCCEEDED
    assert Instance.objects.get().vm_state == VmState.DELETED


def test_the_first_fault_stays_until_it_runs(failed: Instance) -> None:
    transitions.fail(failed, {"code": "storage", "message": "Something else."}, VmState.ERROR)
    assert Instance.objects.get().fault == FAULT
    transitions.settle(failed, VmState.ACTIVE)
    assert Instance.objects.get().fault is None
    transitions.fail(failed, {"code": "storage", "message": "Something else."})
    assert Instance.objects.get().fault["message"] == "Something else."


def test_the_page_offers_deletion_and_another_launch(
    client: Client, as_alice: Context, failed: Instance
) -> None:
    client.force_login(as_alice.user, backend="accounts.authentication.PasswordBackend")
    page = client.get(f"/instances/{failed.pk}/").content.decode()
    assert "No host has room for it." in page
    assert f"/instances/launch/?like={failed.pk}" in page
    assert f"/instances/{failed.pk}/actions/delete/" in page
    assert f"/instances/{failed.pk}/actions/stop/" not in page
    assert "ssh root@" not in page


def test_what_was_set_to_error_runs_after_a_rebuild(as_root: Context, failed: Instance) -> None:
    """As in Nova: its state no longer tells whether it ran."""
    Instance.objects.update(vm_state=VmState.ACTIVE, launched_at=failed.created_at)
    begin(as_root, "instance.reset_state", failed.pk, parameters={"state": "error"})
    begin(as_root, "instance.rebuild", failed.pk)
    assert Instance.objects.get().restore_to == VmState.ACTIVE
