"""Each page is drawn for each role that may see it, at a cost that does not grow with its length."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Project, User
from compute.instances.models import Instance, Schedule
from portal import words
from tests import factories
from tests.portal.routes import without_numbers
from tests.portal.test_routes import signed_in

PAGES = (
    "/",
    "/instances/",
    "/keypairs/",
    "/credentials/",
    "/activity/",
    "/recycle-bin/",
    "/palette/?q=web",
    "/activity/in-progress/",
)
PAGES_OF_MEMBERS = ("/instances/launch/", "/quota-requests/ask/")
PAGES_OF_ADMINISTRATORS = ("/projects/", "/health/", "/audit/", "/instances/?all=1", "/activity/?all=1")
PARTS = (
    ("/instances/", "instances"),
    ("/recycle-bin/", "bin"),
    ("/activity/", "activity"),
    ("/", "overview"),
)


PAGES_OF_THINGS = {
    "instances": factories.InstanceFactory,
    "volumes": factories.VolumeFactory,
    "images": factories.ImageFactory,
}


@pytest.mark.parametrize("noun", PAGES_OF_THINGS)
def test_the_tabs_title_follows_a_new_name(alice: User, blue: Project, noun: str) -> None:
    """The head, which comes anew, says the title that the browser then takes over."""
    thing = PAGES_OF_THINGS[noun](project=blue, name="old")
    browser = signed_in(alice)
    thing.name = "new & better"
    thing.save()
    for headers in ({}, {"HX-Request": "true"}):
        page = browser.get(f"/{noun}/{thing.pk}/", headers=headers).content.decode()
        assert 'data-page-title="new &amp; better"' in page


@pytest.fixture
def web(blue: Project) -> Instance:
    return factories.PortFactory(instance__project=blue, instance__name="web").instance


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("name", ["ruth", "alice", "max_", "root"])
def test_everyone_in_the_project_sees_its_pages(
    name: str, address: str, web: Instance, request: pytest.FixtureRequest
) -> None:
    assert browser_of(request.getfixturevalue(name)).get(address).status_code == 200


@pytest.mark.parametrize("address", PAGES_OF_MEMBERS)
def test_readers_are_told_which_role_launches(address: str, ruth: User, alice: User) -> None:
    factories.ImageFactory()
    factories.FlavorFactory()
    assert browser_of(alice).get(address).status_code == 200
    refused = browser_of(ruth).get(address)
    assert refused.status_code == 403
    assert "need the role “member”" in refused.content.decode()


@pytest.mark.parametrize("address", ["/projects/", "/quota-requests/", "/health/"])
def test_administration_is_for_administrators(address: str, alice: User, root: User) -> None:
    assert browser_of(root).get(address).status_code == 200
    assert browser_of(alice).get(address).status_code == 403
    assert f'href="{address}"' not in browser_of(alice).get("/").content.decode()


@pytest.mark.parametrize("tab", ["", "activity/", "console/", "log/"])
def test_an_instance_is_shown_to_its_project_and_unknown_to_others(
    tab: str, web: Instance, alice: User, bob: User
) -> None:
    address = f"/instances/{web.pk}/{tab}"
    assert browser_of(alice).get(address).status_code == 200
    foreign = browser_of(bob).get(address)
    unknown = browser_of(bob).get(f"/instances/00000000-0000-4000-8000-000000000000/{tab}")
    assert foreign.status_code == unknown.status_code == 404
    assert without_numbers(foreign.content) == without_numbers(unknown.content)


@pytest.mark.parametrize(("address", "part"), PARTS)
def test_a_live_part_is_only_that_part(address: str, part: str, web: Instance, alice: User) -> None:
    answer = browser_of(alice).get(address, headers={"HX-Request": "true", "HX-Target": part})
    text = answer.content.decode().strip()
    assert text.startswith("<div")
    assert f'id="{part}"' in text
    assert "<html" not in text


@pytest.mark.parametrize("address", ["/instances/", "/recycle-bin/", "/activity/"])
def test_a_long_list_costs_as_many_queries_as_a_short_one(address: str, blue: Project, alice: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    def add(count: int) -> None:
        state = "soft-delete" if address == "/recycle-bin/" else "active"
        for _number in range(count):
            instance = factories.PortFactory(instance__project=blue, instance__vm_state=state).instance
            factories.OperationFactory(instance=instance, project=blue)

    client = browser_of(alice)
    add(1)
    with_one = queries()
    add(49)
    assert queries() == with_one
    assert with_one <= 14


def test_the_list_keeps_search_and_filter_in_its_links(web: Instance, alice: User) -> None:
    text = browser_of(alice).get("/instances/?search=web&status=active&sort=name").content.decode()
    assert "?search=web&amp;status=active&amp;sort=-name" in text
    assert 'aria-sort="ascending"' in text
    assert "web" in text


def test_markup_in_names_is_text(blue: Project, alice: User) -> None:
    factories.InstanceFactory(project=blue, name="<script>alert(1)</script>")
    text = browser_of(alice).get("/instances/").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_user_without_a_role_is_told_what_to_do(db: None) -> None:
    answer = browser_of(factories.UserFactory(name="nobody")).get("/")
    assert answer.status_code == 200
    assert "no project yet" in answer.content.decode()


def test_an_error_answers_in_the_form_that_was_asked_for(web: Instance, ruth: User) -> None:
    client = browser_of(ruth)
    address = f"/instances/{web.pk}/actions/stop/"
    part = client.post(address, headers={"HX-Request": "true"})
    assert (part.status_code, part.content) == (403, b"")
    assert "You need the role" in part.headers["HX-Trigger"]
    script: Any = client.post(address, headers={"Accept": "application/json"}).json()
    assert script["error"]["code"] == "forbidden"
    assert "<h1>No permission</h1>" in client.post(address).content.decode()


def test_the_overview_tells_what_comes_next_and_what_the_bin_holds(
    alice: User, blue: Project, red: Project
) -> None:
    """Soonest first; of this project alone, and nothing of what is deleted or rests."""
    now = timezone.now()
    web, deleted = (
        factories.InstanceFactory(
            project=blue, name=name, vm_state=state, expires_at=now + timedelta(hours=5)
        )
        for name, state in (("web", "active"), ("old", "soft-delete"))
    )
    foreign = factories.InstanceFactory(project=red, name="foreign", expires_at=now + timedelta(hours=1))
    for instance, hours, is_enabled in (
        (web, 2, True),
        (web, 1, False),
        (deleted, 1, True),
        (foreign, 1, True),
    ):
        Schedule.objects.create(
            project=instance.project,
            instance=instance,
            created_by=alice,
            verb="stop",
            cron="0 20 * * *",
            enabled=is_enabled,
            next_run=now + timedelta(hours=hours),
        )
    text = " ".join(browser_of(alice).get("/").content.decode().split())
    card = text.partition("Coming up</h2>")[2].partition("</ul>")[0]
    assert card.count("<li>") == 2
    assert card.index("Stop <strong>web") < card.index("Expires <strong>web")
    assert "1 deleted instance is in the recycle bin" in text


@pytest.mark.parametrize(
    ("action", "label"),
    [
        ("instance.stop", "Instance: Stop"),
        ("session.begin", "Session: signed in"),
        ("user.create", "User: created"),
        ("new_noun.new_verb", "New noun: new verb"),
    ],
)
def test_actions_of_the_audit_log_in_words(action: str, label: str) -> None:
    assert words.audit_action(action) == label
