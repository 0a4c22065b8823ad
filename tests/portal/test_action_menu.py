"""The actions menu: groups of what can be done, each reason once, and nothing that the role does not allow."""

import pytest

from accounts.context import Context
from accounts.models import Project, User
from compute.engine.actions.permitted import choices
from compute.instances.models import Instance
from compute.instances.states import VmState
from portal.action_menu import ActionMenu, action_menu, by_reason
from tests import factories
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(alice: User, blue: Project) -> Instance:
    return factories.InstanceFactory(project=blue, user=alice, name="web", launched_at="2026-01-01T00:00Z")


def menu(context: Context, instance: Instance) -> ActionMenu:
    return action_menu(choices(context, instance))


def labels(menu: ActionMenu) -> dict[str, list[str]]:
    return {str(group.label): [str(choice.action.label) for choice in group.choices] for group in menu.groups}


def test_groups_stand_once_and_in_order(as_alice: Context, web: Instance) -> None:
    groups = labels(menu(as_alice, web))
    assert list(groups) == ["Power", "Size and system", "Copies", "Settings", "Removal"]
    assert groups["Power"][:2] == ["Stop", "Reboot"]
    assert groups["Removal"][0] == "Delete"


def test_each_reason_stands_once(as_alice: Context, web: Instance) -> None:
    impossible = menu(as_alice, web).impossible
    reasons = [reason for _labels, reason in impossible]
    assert len(reasons) == len(set(reasons))
    assert any("Unpause" in names and "Not possible in the state" in reason for names, reason in impossible)


def test_a_reader_sees_what_a_reader_may(as_ruth: Context, web: Instance) -> None:
    assert menu(as_ruth, web) == ActionMenu(groups=[], impossible=[])


def test_what_is_edited_in_place_is_no_entry(as_alice: Context, web: Instance) -> None:
    assert "Rename" not in labels(menu(as_alice, web))["Settings"]


def test_the_page_shows_it(alice: User, ruth: User, web: Instance) -> None:
    page = signed_in(alice).get(f"/instances/{web.pk}/").content.decode()
    assert page.index(">Power</h2>") < page.index(">Removal</h2>") < page.index("Not possible now")
    assert (
        "Your role does not allow this." not in signed_in(ruth).get(f"/instances/{web.pk}/").content.decode()
    )


def test_labels_of_one_reason_stand_together() -> None:
    assert by_reason([("A", "x"), ("B", "y"), ("C", "x")]) == [("A, C", "x"), ("B", "y")]


@pytest.mark.parametrize("state", [VmState.ERROR, VmState.SOFT_DELETED, VmState.SHELVED, VmState.STOPPED])
def test_no_state_lists_an_action_twice(as_alice: Context, web: Instance, state: VmState) -> None:
    Instance.objects.update(vm_state=state)
    web.refresh_from_db()
    names = [name for group in labels(menu(as_alice, web)).values() for name in group]
    assert len(names) == len(set(names))
