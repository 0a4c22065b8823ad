"""The header's bell: what is being done, and what of one's own has ended since one last looked."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Project, User
from compute.engine.models import Operation
from tests import factories

State = Operation.State


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    return client


def operation(user: User, project: Project, state: str = State.SUCCEEDED, **fields: Any) -> Operation:
    instance = factories.InstanceFactory(project=project, user=user, name=fields.pop("name", "web"))
    ended = None if state in Operation.OPEN else timezone.now() + timedelta(seconds=1)
    return factories.OperationFactory(
        instance=instance, project=project, user=user, state=state, **{"finished_at": ended} | fields
    )


def bell(browser: Client) -> str:
    return " ".join(browser.get("/activity/in-progress/").content.decode().split())


def test_it_is_quiet_at_first(browser: Client) -> None:
    assert "No activity yet." in bell(browser)
    assert "operations-news" not in bell(browser)


@pytest.mark.parametrize(
    ("states", "colour", "label"),
    [
        ([State.SUCCEEDED], "green", "Operations have ended"),
        ([State.SUCCEEDED, State.FAILED], "red", "An operation has failed"),
        ([State.STUCK], "red", "An operation has failed"),
    ],
)
def test_it_tells_what_ended_until_one_has_looked(
    browser: Client, alice: User, blue: Project, states: list[str], colour: str, label: str
) -> None:
    for state in states:
        operation(alice, blue, state, name=f"web-{state}", finished_at=timezone.now())
    text = bell(browser)
    assert f'operations-news" data-colour="{colour}"' in text
    assert f'aria-label="{label}"' in text
    assert browser.post("/activity/seen/").status_code == 204
    text = bell(browser)
    assert "operations-news" not in text
    assert f"web-{states[0]}" in text, "what has been seen can still be looked at"


def test_what_is_being_done_is_counted(browser: Client, alice: User, blue: Project) -> None:
    operation(alice, blue, State.RUNNING)
    text = bell(browser)
    assert 'aria-label="1 operation in progress"' in text
    assert "operations-news" not in text


def test_it_tells_nobody_of_others(
    browser: Client, root: User, alice: User, blue: Project, red: Project
) -> None:
    operation(root, blue, name="somebodys")
    operation(alice, red, name="elsewhere")
    assert "No activity yet." in bell(browser)


def test_columns_are_left_out_as_chosen(browser: Client, alice: User) -> None:
    assert "data-hides" not in browser.get("/instances/").content.decode()
    assert (
        browser.post("/preferences/", {"columns": ["", "size"]}, headers={"HX-Request": "true"}).status_code
        == 204
    )
    alice.refresh_from_db()
    assert alice.hidden_columns == ["addresses", "age"]
    text = browser.get("/instances/").content.decode()
    assert 'data-hides="addresses age"' in text
    assert text.count('name="columns" value="size" checked') == 1


def test_a_path_leads_back_to_the_list(browser: Client, alice: User, blue: Project) -> None:
    instance = factories.InstanceFactory(project=blue, user=alice, name="web", vm_state="stopped")
    assert 'class="crumbs"' not in browser.get("/instances/").content.decode()
    page = browser.get(f"/instances/{instance.pk}/").content.decode()
    assert '<li><a href="/instances/">Instances</a></li>' in page
    form = browser.get(f"/instances/{instance.pk}/actions/resize/").content.decode()
    assert f'<li><a href="/instances/{instance.pk}/">web</a></li>' in form
