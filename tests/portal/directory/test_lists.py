"""The administrator's tables: how many queries they cost, how they go on, and what is found in them."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import (
    ApplicationCredential,
    AuditEvent,
    FailedAttempts,
    Group,
    Project,
    Role,
    User,
)
from accounts.services import roles
from tests import factories
from tests.portal.directory.pages import HTMX, queries, text


def soon() -> datetime:
    return timezone.now() + timedelta(minutes=1)


def one_of_each(blue: Project, alice: User, group: Group) -> None:
    """One more row for every list there is."""
    project = factories.ProjectFactory(parent=blue)
    user = factories.UserFactory()
    factories.GroupFactory().members.add(alice)
    group.members.add(user)
    factories.InstanceFactory(project=project)
    factories.AssignmentFactory(user=user, project=blue)
    factories.AssignmentFactory(user=alice, project=project)
    factories.AssignmentFactory(user=None, group=group, project=project)
    factories.RoleFactory(name=f"role-{Role.objects.count()}")
    factories.DomainFactory(id=f"d{Role.objects.count()}", name=f"domain-{Role.objects.count()}")
    FailedAttempts.objects.create(name=user.name, domain=user.domain_id, count=9, locked_until=soon())
    credential = ApplicationCredential.objects.create(
        user=alice, project=project, name=f"credential-{project.name}", secret_hash="!"
    )
    credential.roles.set(Role.objects.filter(name="member"))
    AuditEvent.objects.create(action="x", user_id=alice.id, project_id=blue.id, outcome="succeeded")


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/projects/", 20),
        ("/projects/?sort=-cores", 21),
        ("/users/", 12),
        ("/users/?state=locked", 12),
        ("/groups/", 11),
        ("/roles/", 10),
        ("/domains/", 9),
        ("/projects/{blue}/", 25),
        ("/projects/{blue}/?find=user", 28),
        ("/users/{alice}/", 20),
        ("/users/{alice}/?find=project", 23),
        ("/groups/{group}/", 14),
        ("/palette/?q=project", 11),
    ],
)
def test_a_long_page_costs_as_many_queries_as_a_short_one(
    address: str, most: int, redis_server: Path, browser: Client, blue: Project, alice: User
) -> None:
    group = factories.GroupFactory()
    address = address.format(blue=blue.id, alice=alice.id, group=group.id)
    for _each in range(3):
        one_of_each(blue, alice, group)
    short = queries(browser, address)
    for _each in range(12):
        one_of_each(blue, alice, group)
    assert queries(browser, address) == short
    assert short <= most


def test_what_does_not_fit_a_page_is_on_the_next(browser: Client) -> None:
    factories.UserFactory.create_batch(60)
    first, second = text(browser.get("/users/")), text(browser.get("/users/?page=2"))
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in second


def test_projects_are_found_by_name_tag_state_and_domain(
    browser: Client, blue: Project, red: Project
) -> None:
    red.tags.create(name="shop")
    Project.objects.filter(pk=red.pk).update(enabled=False)
    for address, there in (
        ("?search=blu", {"blue"}),
        ("?search=SHOP", {"red"}),
        (f"?search={blue.id}", {"blue"}),
        ("?state=disabled", {"red"}),
        ("?domain=elsewhere", set()),
        ("?search=%00", set()),
        ("?sort=-name", {"blue", "red"}),
        ("?sort=password", {"blue", "red"}),
    ):
        page = text(browser.get(f"/projects/{address}", headers=HTMX | {"HX-Target": "projects"}))
        assert {name for name in ("blue", "red") if f"Select {name}" in page} == there, address


def test_without_scripts_one_lands_where_one_was(browser: Client, blue: Project, alice: User) -> None:
    fields = {
        "actor": f"users/{alice.id}",
        "place": f"projects/{blue.id}",
        "role": roles.ensure_defaults()["reader"].id,
    }
    for page, back in (("user", f"/users/{alice.id}/"), ("project", f"/projects/{blue.id}/")):
        assert browser.post("/roles/give/", fields | {"from": page}).headers["Location"] == back


def test_a_search_offers_what_fits_as_buttons(browser: Client, blue: Project, alice: User) -> None:
    factories.GroupFactory(name="alike")
    factories.UserFactory.create_batch(1000)
    part = HTMX | {"HX-Target": "found"}
    page = text(browser.get(f"/projects/{blue.id}/?find=ali", headers=part))
    assert f'value="users/{alice.id}"' in page
    assert 'value="groups/' in page
    many = text(browser.get(f"/projects/{blue.id}/?find=user", headers=part))
    assert many.count("<button") == 8
    assert "type on to narrow" in many
    places = text(browser.get(f"/users/{alice.id}/?find=bl", headers=part))
    assert f'value="projects/{blue.id}"' in places
    assert 'value="system"' in text(browser.get(f"/users/{alice.id}/?find=system", headers=part))
    assert "No matches" in text(browser.get(f"/users/{alice.id}/?find=%00", headers=part))


def test_users_are_found_by_name_mail_and_state(browser: Client, alice: User) -> None:
    factories.UserFactory(name="zoe", email="zoe@example.org", enabled=False)
    locked = factories.UserFactory(name="yan")
    FailedAttempts.objects.create(name="yan", domain=locked.domain_id, count=8, locked_until=soon())
    FailedAttempts.objects.create(name="alice", domain=alice.domain_id, count=7)
    names = {"alice": alice.id, "zoe": User.objects.get(name="zoe").id, "yan": locked.id}
    for address, there in (
        ("?search=ZO", {"zoe"}),
        ("?search=example.org", {"zoe"}),
        ("?state=disabled", {"zoe"}),
        ("?state=locked", {"yan"}),
        ("?state=enabled&search=a", {"alice", "yan"}),
    ):
        page = text(browser.get(f"/users/{address}", headers=HTMX | {"HX-Target": "users"}))
        assert {name for name, key in names.items() if f'href="/users/{key}/"' in page} == there, address


@pytest.mark.parametrize("kind", ["projects", "users", "groups"])
def test_an_unknown_id_is_not_found(kind: str, browser: Client) -> None:
    for key in ("nowhere", "%00", "x" * 300):
        assert browser.get(f"/{kind}/{key}/").status_code == 404
