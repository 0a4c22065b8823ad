"""What the palette knows beside pages: consoles, and what the menus of every page offer."""

import pytest

from accounts.models import Project, User
from compute.instances.models import Instance
from compute.instances.states import VmState
from tests import factories
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db


def items(user: User, query: str) -> dict[str, dict[str, str]]:
    answer = signed_in(user).get("/palette/", {"q": query}, headers={"Accept": "application/json"})
    return {item["label"]: item for item in answer.json()["items"]}


def test_the_console_of_what_runs(alice: User, ruth: User, blue: Project) -> None:
    web = factories.InstanceFactory(project=blue, name="web")
    assert items(alice, "web")["Console of web"]["url"] == f"/instances/{web.pk}/console/"
    assert "Console of web" not in items(ruth, "web")
    Instance.objects.update(vm_state=VmState.STOPPED)
    assert "Console of web" not in items(alice, "web")


@pytest.mark.parametrize(
    ("query", "label", "control"),
    [
        ("dark", "Theme: Dark", "data-theme-choice"),
        ("language chin", "Language: Chinese", 'value="zh-hans"'),
        ("sign out", "Sign out", 'action="/sign-out/"'),
    ],
)
def test_the_menus_of_every_page(alice: User, query: str, label: str, control: str) -> None:
    item = items(alice, query)[label]
    assert item["press"]
    assert control in signed_in(alice).get("/").content.decode()


def test_nothing_of_them_before_anything_is_typed(alice: User) -> None:
    assert "Sign out" not in items(alice, "")
