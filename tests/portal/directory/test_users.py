"""The administrator's pages of users, and what each change means for who is signed in."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from accounts.models import (
    ApplicationCredential,
    AuditEvent,
    FailedAttempts,
    Group,
    Project,
    Role,
    Token,
    User,
)
from accounts.services import tokens
from accounts.services.tokens import Scope
from tests.portal.directory.pages import HTMX, post, said, text


def test_a_user_is_made_with_a_password_or_without(browser: Client) -> None:
    browser.post(
        "/users/new/", {"name": "ann", "email": "ann@example.org", "domain_id": "default", "password": ""}
    )
    assert not User.objects.get(name="ann").has_usable_password()
    answer = browser.post("/users/new/", {"name": "ben", "domain_id": "default", "password": "pw-9x"})
    assert answer.status_code == 400
    assert not User.objects.filter(name="ben").exists()
    assert b"too short" in answer.content
    assert b"pw-9x" not in answer.content
    browser.post("/users/new/", {"name": "ben", "domain_id": "default", "password": "correct horse battery"})
    assert User.objects.get(name="ben").check_password("correct horse battery")


def test_a_user_is_changed(browser: Client, alice: User, blue: Project) -> None:
    assert 'value="alice"' in text(browser.get(f"/users/{alice.id}/edit/"))
    fields = {"name": "alicia", "email": "a@example.org", "description": "Ops", "default_project_id": ""}
    browser.post(f"/users/{alice.id}/edit/", fields)
    alice.refresh_from_db()
    assert (alice.name, alice.email, alice.description) == ("alicia", "a@example.org", "Ops")
    assert alice.default_project is None
    answer = browser.post(f"/users/{alice.id}/edit/", fields | {"name": "root"})
    assert answer.status_code == 409


def test_disabling_signs_a_user_out_at_once(browser: Client, alice: User, blue: Project) -> None:
    hers = Client()
    hers.force_login(alice, backend="accounts.authentication.PasswordBackend")
    tokens.issue(alice, ["password"], Scope(project=blue))
    assert hers.get("/instances/").status_code == 200
    post(browser, f"/users/{alice.id}/enabled/", enabled="false")
    assert hers.get("/instances/").status_code == 302
    assert not Token.objects.filter(user=alice).exists()


def test_a_taken_role_counts_at_the_next_request(browser: Client, alice: User, blue: Project) -> None:
    hers = Client()
    hers.force_login(alice, backend="accounts.authentication.PasswordBackend")
    assert hers.get("/instances/").status_code == 200
    role = Role.objects.get(name="member")
    post(browser, "/roles/take/", actor=f"users/{alice.id}", place=f"projects/{blue.id}", role=role.id)
    assert hers.get("/instances/").status_code == 403


def test_a_user_is_deleted(browser: Client, alice: User) -> None:
    answer = post(browser, f"/users/{alice.id}/delete/", leave="1")
    assert answer.headers["HX-Redirect"] == "/users/"
    assert not User.objects.filter(pk=alice.pk).exists()


def test_one_is_not_offered_to_end_oneself(browser: Client, root: User) -> None:
    page = text(browser.get(f"/users/{root.id}/"))
    assert f"/users/{root.id}/delete/" not in page
    assert f"/users/{root.id}/enabled/" not in page


def test_a_lock_out_is_lifted(browser: Client, alice: User) -> None:
    until = timezone.now() + timedelta(minutes=1)
    FailedAttempts.objects.create(name="alice", domain=alice.domain_id, count=8, locked_until=until)
    assert "Locked out" in text(browser.get(f"/users/{alice.id}/"))
    assert said(post(browser, f"/users/{alice.id}/unlock/")) == "alice may try again at once."
    assert "Locked out" not in text(browser.get(f"/users/{alice.id}/"))
    assert AuditEvent.objects.get(action="user.unlock").target_id == alice.id


def test_an_application_credential_is_revoked(browser: Client, alice: User, blue: Project) -> None:
    credential = ApplicationCredential.objects.create(user=alice, project=blue, name="ci", secret_hash="!")
    assert "Revoke ci" in text(browser.get(f"/users/{alice.id}/"))
    post(browser, f"/users/{alice.id}/credentials/{credential.id}/revoke/")
    assert not ApplicationCredential.objects.exists()


def test_groups_are_made_filled_changed_and_deleted(browser: Client, alice: User) -> None:
    browser.post("/groups/new/", {"name": "crew", "description": "All", "domain_id": "default"})
    group = Group.objects.get(name="crew")
    address = f"/groups/{group.id}/"
    part = HTMX | {"HX-Target": "found-members"}
    assert f"users/{alice.id}" in text(browser.get(f"{address}?find=ali", headers=part))
    post(browser, f"{address}add/", actor=f"users/{alice.id}")
    assert list(group.members.all()) == [alice]
    assert "Remove alice from the group" in text(browser.get(address))
    post(browser, f"{address}remove/", actor=f"users/{alice.id}")
    assert post(browser, f"{address}remove/", actor=f"users/{alice.id}").status_code == 404
    browser.post(f"{address}edit/", {"name": "team", "description": ""})
    group.refresh_from_db()
    assert group.name == "team"
    assert post(browser, f"{address}delete/").headers["HX-Redirect"] == "/groups/"
    assert not Group.objects.exists()
