"""Signing in: unknown and wrong are alike, and what is disabled stays out."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.authentication import LONGEST_PASSWORD, NameLookup, PasswordBackend, look_up
from accounts.models import Domain, Epoch, FailedAttempts, KnownAddress, User
from accounts.services import lockouts, second_factor
from tests import factories
from tests.codes import give_second_factor

PASSWORD = "correct horse battery"
backend = PasswordBackend()


@pytest.fixture
def alice(db: None) -> User:
    domain = factories.DomainFactory()
    return User.objects.create_user("alice", PASSWORD, domain=domain)


@pytest.fixture
def hashings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every hashing that is done for the test."""
    done: list[str] = []
    hasher = type(hashers.get_hasher())
    encode, verify = hasher.encode, hasher.verify

    def counted_encode(self: hashers.BasePasswordHasher, *arguments: str) -> str:
        done.append("encode")
        return encode(self, *arguments)

    def counted_verify(self: hashers.BasePasswordHasher, *arguments: str) -> bool:
        done.append("verify")
        return verify(self, *arguments)

    monkeypatch.setattr(hasher, "encode", counted_encode)
    monkeypatch.setattr(hasher, "verify", counted_verify)
    return done


def sign_in(name: str | None, password: str | None, **more: str) -> User | None:
    return backend.authenticate(None, username=name, password=password, **more)


def test_name_and_password_open(alice: User) -> None:
    assert sign_in("alice", PASSWORD) == alice
    assert backend.get_user(alice.pk) == alice


def test_the_hash_is_argon2(alice: User) -> None:
    assert alice.password.startswith("argon2$argon2id$")


@pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("nobody", PASSWORD)])
def test_wrong_and_unknown_cost_one_hashing_each(
    alice: User, hashings: list[str], name: str, password: str
) -> None:
    assert sign_in(name, password) is None
    assert len(hashings) == 1


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", "x" * 10_000_000),
        ("alice", "x" * (LONGEST_PASSWORD + 1)),
        ("x" * 10_000_000, PASSWORD),
        ("alice", ""),
        ("", PASSWORD),
        (None, PASSWORD),
        ("alice", None),
    ],
    ids=["10 MB password", "long password", "10 MB name", "no password", "no name", "None name", "None"],
)
def test_what_cannot_be_right_is_not_hashed(
    alice: User, hashings: list[str], name: str | None, password: str | None
) -> None:
    assert sign_in(name, password) is None
    assert hashings == []


@pytest.mark.parametrize("name", ["alice\0", "al\ud800ice", "ALICE", "alice "])
def test_near_names_do_not_open(alice: User, name: str) -> None:
    assert sign_in(name, PASSWORD) is None


@pytest.mark.parametrize("password", ["\0", "wrong\ud800"])
def test_passwords_that_are_no_text_do_not_open(alice: User, password: str) -> None:
    assert sign_in("alice", password) is None
    assert sign_in("nobody", password) is None


def test_a_disabled_user_stays_out_and_their_session_ends(alice: User) -> None:
    User.objects.update(enabled=False)
    assert sign_in("alice", PASSWORD) is None
    assert backend.get_user(alice.pk) is None


def test_a_disabled_domain_keeps_its_users_out(alice: User) -> None:
    Domain.objects.update(enabled=False)
    assert sign_in("alice", PASSWORD) is None
    assert backend.get_user(alice.pk) is None


def test_the_same_name_in_another_domain_is_somebody_else(alice: User) -> None:
    elsewhere = Domain.objects.create(id="elsewhere", name="Elsewhere")
    other = User.objects.create_user("alice", "another password", domain=elsewhere)
    assert sign_in("alice", PASSWORD, domain="elsewhere") is None
    assert sign_in("alice", "another password", domain="elsewhere") == other


def test_an_unusable_password_never_opens(db: None) -> None:
    factories.UserFactory(name="robot")
    assert sign_in("robot", "!") is None


@pytest.mark.parametrize("way", ["page", "api"])
def test_wrong_sign_ins_cost_and_say_the_same(
    way: str, alice: User, hashings: list[str], client: Client
) -> None:
    """Whether the name is known or not: one hashing, as many queries, the same status, the same words."""
    said = []
    for name in ("alice", "nobody"):
        hashings.clear()
        with CaptureQueriesContext(connection) as queries:
            if way == "page":
                answer = client.post("/sign-in/", {"name": name, "password": "wrong horse battery"})
                words = re.sub(
                    rb'nonce="[^"]*"|value="[^"]*"|[0-9A-Za-z]{64}|req-[0-9a-f-]{36}', b"", answer.content
                )
            else:
                user = {"name": name, "domain": {"id": "default"}, "password": "wrong horse battery"}
                identity = {"methods": ["password"], "password": {"user": user}}
                body = {"auth": {"identity": identity}}
                answer = client.post("/identity/v3/auth/tokens", body, content_type="application/json")
                words = answer.content
        said.append((len(hashings), answer.status_code, len(queries), words))
    assert said[0] == said[1]
    assert said[0][:2] == (1, 401)


def test_the_plain_sql_reads_what_the_orm_would(alice: User) -> None:
    """Types of all columns, the domain, and what comes along of other tables; for whoever has it and who has not."""
    other = factories.UserFactory(name="bob", domain=alice.domain, enabled=False, extra={"room": [1]})
    give_second_factor(other)
    FailedAttempts.objects.create(name="bob", domain=alice.domain_id)
    FailedAttempts.objects.create(name="alice", domain="other")
    for known in (alice, other):
        with CaptureQueriesContext(connection) as queries:
            read = look_up(None, known.name, known.domain_id)
            user = read.user
            assert user
            assert user.domain.enabled
        assert len(queries) == 1
        same = User.objects.select_related("domain").get(pk=known.pk)
        for field in User._meta.concrete_fields:
            assert getattr(user, field.attname) == getattr(same, field.attname), field.name
        for field in Domain._meta.concrete_fields:
            assert getattr(user.domain, field.attname) == getattr(same.domain, field.attname), field.name
        assert user.mark == Epoch.objects.get().mark
        assert read.has_failed is user.has_second_factor is (known == other)
        assert second_factor.find(user) == second_factor.find(same)
    for name, domain in [("bob", "other"), ("alice' OR 1=1 --", "default"), ("%s", "default")]:
        assert look_up(None, name, domain) == NameLookup(None, False)
    assert look_up(None, "alice", "other") == NameLookup(None, True)


def test_a_request_reads_its_user_once_and_knows_of_its_own_attempt(alice: User) -> None:
    request = RequestFactory().post("/")
    with CaptureQueriesContext(connection) as queries:
        assert look_up(request, "alice", alice.domain_id) is look_up(request, "alice", alice.domain_id)
    assert len(queries) == 1
    lockouts.record_failure(request, alice.domain_id, "alice")
    assert look_up(request, "alice", alice.domain_id).has_failed
    lockouts.succeed(request, alice.domain_id, "alice")
    assert not FailedAttempts.objects.exists()


def test_an_address_is_written_once_a_day(alice: User) -> None:
    for _time in range(2):
        lockouts.succeed(RequestFactory().post("/"), alice.domain_id, "alice")
    row = KnownAddress.objects.get()
    assert (row.name, row.address) == ("alice", "127.0.0.1")
    assert look_up(RequestFactory().post("/"), "alice", alice.domain_id).is_known
    KnownAddress.objects.update(seen_at=row.seen_at - timedelta(days=2))
    lockouts.succeed(RequestFactory().post("/"), alice.domain_id, "alice")
    assert KnownAddress.objects.get().seen_at > row.seen_at
