"""Invitations and resets: a link that works once, mailed or shown."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.context import Context, for_user
from accounts.errors import BadInput, Conflict, Forbidden, NotFound
from accounts.models import AuditEvent, OneTimeLink, Project, User
from accounts.services import invitations, users
from accounts.services.invitations import Link

PASSWORD = "correct horse battery"


def token_of(link: Link) -> str:
    assert link.address
    return link.address.rstrip("/").rpartition("/")[2]


def test_an_invited_person_chooses_a_password_and_has_the_role(as_root: Context, blue: Project) -> None:
    link = invitations.invite(as_root, {"name": "ivy", "project": blue.id, "role": "member"})
    assert not link.user.has_usable_password()
    user = invitations.choose_password(token_of(link), PASSWORD)
    assert user.check_password(PASSWORD)
    context = for_user(user, None)
    assert context.project == blue
    assert "member" in context.roles
    actions = set(AuditEvent.objects.filter(target_id=user.id).values_list("action", flat=True))
    assert {"user.invite", "user.create", "user.password", "assignment.grant"} <= actions


def test_a_link_works_once_and_a_weak_password_burns_nothing(as_root: Context) -> None:
    token = token_of(invitations.invite(as_root, {"name": "ivy"}))
    with pytest.raises(BadInput):
        invitations.choose_password(token, "short")
    invitations.choose_password(token, PASSWORD)
    with pytest.raises(NotFound):
        invitations.choose_password(token, PASSWORD + "2")


def test_links_end_in_time_and_with_a_newer_one(as_root: Context, bob: User) -> None:
    first, second = (token_of(invitations.reset(as_root, bob.id)) for _number in range(2))
    with pytest.raises(NotFound):
        invitations.find(first)
    assert invitations.find(second).user == bob
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotFound):
        invitations.find(second)


def test_one_users_reset_leaves_anothers_link(as_root: Context, alice: User, bob: User) -> None:
    first = token_of(invitations.reset(as_root, alice.id))
    invitations.reset(as_root, bob.id)
    assert invitations.find(first).user == alice


def test_a_disabled_users_link_opens_nothing(as_root: Context, bob: User) -> None:
    token = token_of(invitations.reset(as_root, bob.id))
    users.update(as_root, bob.id, {"enabled": False})
    with pytest.raises(NotFound):
        invitations.choose_password(token, PASSWORD)


@pytest.mark.parametrize("token", ["", "x", "\0", "\N{SNOWMAN}", "x" * 5000])
def test_what_is_no_link(db: None, token: str) -> None:
    with pytest.raises(NotFound):
        invitations.find(token)


def test_only_administrators_invite_and_reset(as_alice: Context, as_max: Context, bob: User) -> None:
    for context in (as_alice, as_max):
        with pytest.raises(Forbidden):
            invitations.invite(context, {"name": "ivy"})
        with pytest.raises(Forbidden):
            invitations.reset(context, bob.id)
    assert OneTimeLink.objects.count() == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "ivy", "role": "member"}, "project"),
        ({"name": "ivy", "project": "unknown", "role": "member"}, "project"),
        ({"name": "ivy", "project": "blue"}, "role"),
        ({"name": "ivy", "project": "blue", "role": "emperor"}, "role"),
    ],
)
def test_what_is_wrong_is_named_and_nobody_is_made(
    as_root: Context, blue: Project, given: dict[str, str], field: str
) -> None:
    given = given | ({"project": blue.id} if given.get("project") == "blue" else {})
    before = User.objects.count()
    with pytest.raises(BadInput) as refused:
        invitations.invite(as_root, given)
    assert set(refused.value.fields) == {field}
    assert User.objects.count() == before


def test_a_name_that_is_taken(as_root: Context, bob: User) -> None:
    with pytest.raises(Conflict):
        invitations.invite(as_root, {"name": "bob"})


def test_where_mail_is_on_the_link_is_mailed_and_not_shown(as_root: Context, settings: Any) -> None:
    settings.MAIL_IS_ON = True
    link = invitations.invite(as_root, {"name": "ivy", "email": "ivy@example.org"})
    assert link.address is None
    sent = mail.outbox[0]
    assert sent.to == ["ivy@example.org"]
    found = re.search(rf"^{settings.PUBLIC_URL}/password/(\S+)/$", sent.body, re.MULTILINE)
    assert found
    invitations.choose_password(found[1], PASSWORD)
    assert invitations.invite(as_root, {"name": "without"}).address


def test_a_mail_server_that_is_away_leaves_the_link_to_be_passed_on(as_root: Context, settings: Any) -> None:
    settings.MAIL_IS_ON = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert invitations.invite(as_root, {"name": "ivy", "email": "ivy@example.org"}).address
