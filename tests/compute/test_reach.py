"""Who may reach which instance: roles, foreign projects, and ids that are none."""

import uuid

import pytest

from accounts.context import Context, for_user
from accounts.errors import Forbidden, NotFound
from accounts.models import AuditEvent
from accounts.policy import RULES
from compute.engine.models import Operation
from compute.engine.services import operations_log
from compute.instances.actions import begin, choices
from compute.instances.models import Instance
from compute.instances.services import instances
from compute.instances.states import VmState
from tests import factories
from tests.instance_actions import ACTIONS

IDS_THAT_ARE_NONE = ["", "x", "1", "../etc/passwd", "\0", "é" * 300, "00000000-0000-0000-0000-00000000000g"]


@pytest.fixture
def foreign(red) -> Instance:
    return factories.InstanceFactory(project=red)


@pytest.fixture
def own(blue) -> Instance:
    return factories.InstanceFactory(project=blue)


def refused(call, *arguments: object) -> tuple[str, int, str]:
    with pytest.raises(NotFound) as error:
        call(*arguments)
    return error.value.code, error.value.status, str(error.value)


@pytest.mark.parametrize("verb", ACTIONS)
def test_a_foreign_instance_answers_as_an_unknown_one(
    as_alice: Context, foreign: Instance, verb: str
) -> None:
    assert refused(begin, as_alice, f"instance.{verb}", foreign.pk) == refused(
        begin, as_alice, f"instance.{verb}", uuid.uuid4()
    )
    assert not Operation.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_foreign_instance_cannot_be_read(as_alice: Context, foreign: Instance) -> None:
    assert refused(instances.get, as_alice, foreign.pk) == refused(instances.get, as_alice, uuid.uuid4())


@pytest.mark.parametrize("identity", IDS_THAT_ARE_NONE)
def test_what_is_no_id_answers_as_an_unknown_one(as_alice: Context, identity: str) -> None:
    unknown = refused(instances.get, as_alice, uuid.uuid4())
    assert refused(instances.get, as_alice, identity) == unknown
    assert refused(begin, as_alice, "instance.start", identity) == unknown


@pytest.mark.parametrize("verb", ["", "launch", "fly", "START", "__init__"])
def test_an_unknown_verb_is_not_found(as_alice: Context, own: Instance, verb: str) -> None:
    with pytest.raises(NotFound):
        begin(as_alice, f"instance.{verb}", own.pk)


def test_what_is_gone_is_not_found_even_by_its_owner(as_alice: Context, own: Instance) -> None:
    Instance.objects.update(vm_state=VmState.DELETED)
    assert refused(instances.get, as_alice, own.pk) == refused(instances.get, as_alice, uuid.uuid4())
    assert refused(begin, as_alice, "instance.purge", own.pk) == refused(
        begin, as_alice, "instance.purge", uuid.uuid4()
    )


@pytest.mark.parametrize("verb", ACTIONS)
def test_a_reader_may_look_but_begin_nothing(as_ruth: Context, own: Instance, verb: str) -> None:
    assert instances.get(as_ruth, own.pk) == own
    with pytest.raises(Forbidden, match=f"need the role “{RULES[ACTIONS[verb].rule(as_ruth, own)]}”\\."):
        begin(as_ruth, f"instance.{verb}", own.pk)
    assert not Operation.objects.exists()


def test_a_readers_menu_offers_nothing_and_says_why(as_ruth: Context, own: Instance) -> None:
    offered = choices(as_ruth, own)
    assert not any(choice.allowed for choice in offered)
    assert {choice.reason for choice in offered} == {"Your role does not allow this."}


def test_managers_and_administrators_may(as_max: Context, as_root: Context, own: Instance) -> None:
    begin(as_max, "instance.stop", own.pk)
    begin(as_root, "instance.delete", own.pk)
    assert [operation.kind for operation in Operation.objects.on(own.pk).order_by("created_at")] == [
        "instance.stop",
        "instance.delete",
    ]


def test_an_administrator_reaches_all_projects_and_the_audit_names_the_owners(
    as_root: Context, foreign: Instance
) -> None:
    operation = begin(as_root, "instance.stop", foreign.pk)
    assert operation is not None
    assert operation.project == foreign.project
    assert AuditEvent.objects.get().project_id == foreign.project_id


def test_without_a_project_there_is_nothing(own: Instance, db: None) -> None:
    nobody = for_user(factories.UserFactory(), None)
    for call in (lambda: instances.get(nobody, own.pk), lambda: instances.page(nobody)):
        with pytest.raises(Forbidden):
            call()
    refused(begin, nobody, "instance.start", own.pk)


def test_lists_hold_the_own_project_only(as_alice: Context, own: Instance, foreign: Instance) -> None:
    for asked in (False, True):
        assert list(instances.page(as_alice, all_projects=asked)) == [own]


def test_an_administrator_may_ask_for_all(as_root: Context, own: Instance, foreign: Instance) -> None:
    assert list(instances.page(as_root)) == [own]
    assert set(instances.page(as_root, all_projects=True)) == {own, foreign}


def test_activity_of_a_foreign_instance_stays_hidden(
    as_alice: Context, as_root: Context, foreign: Instance
) -> None:
    factories.OperationFactory(instance=foreign)
    assert list(operations_log.recent(as_alice)) == []
    assert list(operations_log.recent(as_alice, row=foreign)) == []
    assert len(operations_log.recent(as_root, row=foreign)) == 1
