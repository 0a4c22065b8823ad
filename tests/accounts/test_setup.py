"""The first administrator and the one-time link to become one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from accounts.context import for_user
from accounts.errors import BadInput, MeridianError, NotFound
from accounts.models import Assignment, AuditEvent, Domain, OneTimeLink, Project, Role, User
from accounts.services import links, roles, setup
from tests.hostile import BAD_NAMES

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.django_db
SETUP = OneTimeLink.Purpose.SETUP


def counts() -> list[int]:
    return [model.objects.count() for model in (User, Project, Domain, Role, Assignment)]


def test_bootstrap_makes_an_administrator_of_everything() -> None:
    user = setup.bootstrap("root", PASSWORD)
    context = for_user(user, None)
    assert context.is_admin
    assert context.project is not None
    assert context.project.name == "demo"
    assert {role.name for role in Role.objects.all()} == set(roles.DEFAULTS)
    assert {project.name for project in Project.objects.all()} == {"admin", "demo"}
    assert user.check_password(PASSWORD)


def test_bootstrap_again_changes_nothing_and_a_new_password_counts() -> None:
    first = setup.bootstrap("root", PASSWORD)
    before = counts()
    assert setup.bootstrap("root", PASSWORD) == first
    assert User.objects.get().password == first.password, "not hashed again"
    setup.bootstrap("root", "another good one")
    assert counts() == before
    assert User.objects.get().check_password("another good one")


def test_bootstrap_heals_what_was_lost() -> None:
    setup.bootstrap("root", PASSWORD)
    before = counts()
    Assignment.objects.all().delete()
    assert not setup.is_done()
    setup.bootstrap("root", PASSWORD)
    assert counts() == before


BAD_PASSWORDS = {
    "empty": "",
    "short": "short",
    "digits": "1234567890123",
    "common": "password12",
    "the name": "meridian-root",
    "longer than can sign in": "aB3-" * 257,
    "10 MB": "aB3-" * 2_500_000,
    "surrogate": "correct horse \ud800",
    "zero byte": "correct horse \0",
}


@pytest.mark.parametrize("password", BAD_PASSWORDS.values(), ids=list(BAD_PASSWORDS))
def test_bad_passwords_make_nothing(password: str) -> None:
    before = counts()
    with pytest.raises(BadInput) as refused:
        setup.bootstrap("meridian-root", password)
    assert set(refused.value.fields) == {"password"}
    assert counts() == before


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=list(BAD_NAMES))
def test_bad_names_make_nothing(name: object) -> None:
    before = counts()
    with pytest.raises(BadInput) as refused:
        setup.bootstrap(name, PASSWORD)  # type: ignore[arg-type]
    assert set(refused.value.fields) == {"name"}
    assert counts() == before


def test_the_link_works_once_and_there_is_none_afterwards() -> None:
    token = setup.create_link()
    assert token is not None
    assert setup.bootstrap_by_link(token, "root", PASSWORD).name == "root"
    with pytest.raises(NotFound):
        setup.bootstrap_by_link(token, "eve", PASSWORD)
    assert setup.create_link() is None
    assert User.objects.count() == 1


def test_a_weak_password_does_not_burn_the_link() -> None:
    token = setup.create_link() or ""
    with pytest.raises(BadInput):
        setup.bootstrap_by_link(token, "root", "short")
    assert links.is_valid(SETUP, token)


def test_a_new_link_ends_the_one_before() -> None:
    first, second = setup.create_link() or "", setup.create_link() or ""
    assert not links.is_valid(SETUP, first)
    assert links.is_valid(SETUP, second)


@pytest.mark.parametrize("token", ["", "x", "\0", "é" * 5000, "\ud800"])
def test_forged_tokens_open_nothing(token: str) -> None:
    setup.create_link()
    assert not links.is_valid(SETUP, token)
    with pytest.raises(NotFound):
        setup.bootstrap_by_link(token, "eve", PASSWORD)


def test_a_link_serves_its_own_purpose_only() -> None:
    token = links.create("invite", timedelta(hours=1))
    assert not links.use(SETUP, token)
    assert links.use("invite", token)


def test_a_used_link_is_dead() -> None:
    token = links.create(SETUP, timedelta(hours=1))
    assert links.use(SETUP, token)
    assert not links.is_valid(SETUP, token)
    assert not links.use(SETUP, token)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_uses_the_link() -> None:
    token = links.create(SETUP, timedelta(hours=1))

    def use(_number: int) -> bool:
        try:
            return links.use(SETUP, token)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        assert sorted(threads.map(use, range(20))) == [False] * 19 + [True]


def test_an_old_link_is_dead() -> None:
    token = setup.create_link() or ""
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(milliseconds=1))
    assert not links.is_valid(SETUP, token)
    with pytest.raises(NotFound):
        setup.bootstrap_by_link(token, "root", PASSWORD)


def test_the_token_is_not_kept() -> None:
    token = setup.create_link() or ""
    assert len(token) >= 43, "256 bits"
    assert token not in str(OneTimeLink.objects.values_list())


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_becomes_administrator() -> None:
    token = setup.create_link() or ""

    def become(number: int) -> str:
        try:
            return setup.bootstrap_by_link(token, f"admin-{number}", PASSWORD).name
        except MeridianError as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(become, range(20)))
    assert sorted(answers)[1:] == ["itemNotFound"] * 19
    assert [user.name for user in User.objects.all()] == [sorted(answers)[0]]


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"short\n"])
def test_the_command_says_what_is_wrong_and_makes_nothing(tmp_path: Path, content: bytes | None) -> None:
    password = tmp_path / "password"
    if content is not None:
        password.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("bootstrap", admin="root", password_file=str(password))
    assert not User.objects.exists()


def test_audit_rows_are_only_ever_added() -> None:
    setup.bootstrap("root", PASSWORD)
    event = AuditEvent.objects.get()
    event.outcome = "failed"
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()
