"""Signing in by an LDAP directory: a real one, with StartTLS."""

from collections.abc import Iterator
from typing import Any

import ldap3
import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from accounts.errors import BadInput, Unavailable
from accounts.models import AuditEvent, Domain, ExternalIdentity, User
from accounts.services import ldap, users
from compute.management import health
from tests import factories, slapd
from tests.codes import code, give_second_factor, wrong_code
from tests.slapd import BASE, MANAGER, MANAGER_PASSWORD, ODD, PASSWORD, Slapd

LEA = f"uid=lea,ou=people,{BASE}"


@pytest.fixture(scope="module")
def running_slapd() -> Iterator[Slapd]:
    with slapd.running() as running:
        yield running


@pytest.fixture
def people(running_slapd: Slapd, settings: Settings, db: None) -> Slapd:
    """The directory, set up as ours; the domain is there."""
    factories.DomainFactory()
    settings.LDAP = running_slapd.server()
    return running_slapd


@pytest.fixture
def change(people: Slapd) -> Iterator[Any]:
    """Changes the directory as its manager."""
    server = ldap3.Server(f"ldap://127.0.0.1:{people.port}", get_info=ldap3.NONE)
    with ldap3.Connection(server, MANAGER, MANAGER_PASSWORD, auto_bind=True) as connection:
        yield connection


def sign_in(name: str, password: str = PASSWORD, **more: str) -> User | None:
    found = authenticate(HttpRequest(), username=name, password=password, **more)
    assert found is None or isinstance(found, User)
    return found


def post(client: Client, name: str, password: str = PASSWORD) -> Any:
    return client.post("/sign-in/", {"name": name, "password": password})


def test_the_first_sign_in_makes_a_user_without_a_password(people: Slapd) -> None:
    lea = sign_in("lea")
    assert lea is not None
    assert (lea.name, lea.email, lea.domain_id) == ("lea", "lea@example.org", Domain.DEFAULT_ID)
    assert not lea.has_usable_password()
    assert ExternalIdentity.objects.get(user=lea).source == "ldap"
    assert AuditEvent.objects.get(action="user.create").target_id == lea.id
    assert sign_in("lea") == lea
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "name",
    [
        "nobody",
        "LEA",
        "*",
        "l*",
        "lea)(uid=*",
        "lea)(objectClass=*))(|(uid=*",
        "\\6c\\65\\61",
        "lea,ou=people",
        "lea ",
    ],
)
def test_names_that_are_nobodys_open_nothing(people: Slapd, name: str) -> None:
    assert sign_in(name) is None
    assert User.objects.count() == 0


def test_a_name_is_a_name_in_the_filter_too(people: Slapd) -> None:
    odd = sign_in(ODD)
    assert odd is not None
    assert odd.name == ODD


@pytest.mark.parametrize("password", ["wrong", "", "*", "x" * 1025, PASSWORD.upper(), "\0", "é" * 400])
def test_wrong_passwords_open_nothing(people: Slapd, password: str) -> None:
    """Above all the empty one, which LDAP itself takes for an anonymous visitor."""
    assert sign_in("lea", password) is None
    assert ldap.check(people.server(), "lea", "") is None
    assert User.objects.count() == 0


def test_a_local_user_of_the_same_name_is_not_taken_over(people: Slapd) -> None:
    local = User.objects.create_user("lea", "a password of ours", domain=Domain.objects.get())
    assert sign_in("lea") is None
    assert sign_in("lea", "a password of ours") == local
    assert ExternalIdentity.objects.count() == 0


def test_a_local_user_is_handed_to_the_directory_by_command_only(people: Slapd, change: Any) -> None:
    local = User.objects.create_user("lea", "a password of ours", domain=Domain.objects.get())
    change.search(LEA, "(uid=*)", "BASE", attributes=["entryUUID"])
    identifier = change.response[0]["raw_attributes"]["entryUUID"][0].decode()
    call_command("link_identity", "lea", ldap=identifier)
    assert sign_in("lea") == local
    assert sign_in("lea", "a password of ours") is None
    for arguments in ({"ldap": "another"}, {"ldap": identifier}, {"oidc": "x"}):
        with pytest.raises(CommandError):
            call_command("link_identity", "lea", **arguments)
    with pytest.raises(CommandError, match="Could not find user"):
        call_command("link_identity", "nobody", ldap="x")


def test_a_person_stays_who_they_are_when_they_are_renamed(people: Slapd, change: Any) -> None:
    before = sign_in("lea")
    change.modify_dn(LEA, "uid=leonie")
    try:
        after = sign_in("leonie")
        assert after == before
        assert User.objects.get().name == "leonie"
        assert sign_in("lea") is None
    finally:
        change.modify_dn(f"uid=leonie,ou=people,{BASE}", "uid=lea")


def test_somebody_else_with_an_old_name_does_not_become_its_user(people: Slapd, change: Any) -> None:
    before = sign_in("sam")
    dn = f"uid=sam,ou=people,{BASE}"
    change.delete(dn)
    change.add(dn, "inetOrgPerson", {"cn": "sam", "sn": "sam", "userPassword": PASSWORD})
    assert sign_in("sam") is None
    assert list(User.objects.all()) == [before]


def test_disabled_users_and_domains_stay_out(people: Slapd) -> None:
    sign_in("lea")
    User.objects.update(enabled=False)
    assert sign_in("lea") is None
    assert not User.objects.get().enabled
    User.objects.update(enabled=True)
    Domain.objects.update(enabled=False)
    assert sign_in("lea") is None


def test_people_belong_to_the_domain_of_the_settings(people: Slapd, settings: Settings) -> None:
    staff = Domain.objects.create(name="Staff")
    local = User.objects.create_user("lea", "a password of ours", domain=Domain.objects.get(pk="default"))
    settings.LDAP = people.server(domain="Staff")
    lea = sign_in("lea")
    assert lea is not None
    assert (lea.domain, lea != local) == (staff, True)
    assert sign_in("lea", domain=staff.id) == lea
    assert sign_in("lea", domain="default") is None
    settings.LDAP = people.server(domain="nowhere")
    with pytest.raises(Unavailable, match="nowhere"):
        sign_in("lea")


def test_groups_are_mirrored_at_every_sign_in(people: Slapd, change: Any) -> None:
    """Only those of the settings; the local ones stay as they are."""
    kept = factories.GroupFactory(name="kept")
    lea = sign_in("lea")
    assert lea is not None
    kept.members.add(lea)
    assert {group.name for group in lea.groups.all()} == {"kept", "operators"}
    group = f"cn=operators,ou=groups,{BASE}"
    change.modify(group, {"member": [(ldap3.MODIFY_REPLACE, [f"uid=sam,ou=people,{BASE}"])]})
    try:
        sign_in("lea")
        assert {group.name for group in lea.groups.all()} == {"kept"}
        assert AuditEvent.objects.filter(action="group.remove", target_name="operators").count() == 1
    finally:
        change.modify(group, {"member": [(ldap3.MODIFY_REPLACE, [LEA])]})


def test_without_the_directory_local_users_sign_in_and_others_are_told(
    people: Slapd, settings: Settings
) -> None:
    factories.UserFactory(name="ann", password=make_password("a password of ours"))
    settings.LDAP = people.server(url="ldap://localhost:1")
    assert post(Client(), "ann", "a password of ours").status_code == 302
    assert post(Client(), "ann", "wrong").status_code == 401
    answer = post(Client(), "lea")
    assert answer.status_code == 503
    assert "directory that checks this name does not answer" in answer.content.decode()


def test_a_directory_that_never_answers_is_given_up(people: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldap, "PATIENCE_SECONDS", 1)
    with people.away(), pytest.raises(Unavailable):
        sign_in("lea")
    assert sign_in("lea") is not None


@pytest.mark.parametrize(
    "change_of_settings",
    [
        {"ca_file": ""},
        {"url_host": "127.0.0.1"},
        {"bind_password": "wrong"},
        {"bind_dn": ""},
        {"base": "ou=nowhere,dc=example,dc=org"},
        {"filter": "(objectClass=person"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_cannot_be_trusted_or_asked_is_no_help(
    people: Slapd, settings: Settings, change_of_settings: dict[str, str]
) -> None:
    """A certificate from nobody or for another name, an account that is refused, a base that is not there."""
    if host := change_of_settings.pop("url_host", ""):
        change_of_settings["url"] = f"ldap://{host}:{people.port}"
    settings.LDAP = people.server(**change_of_settings)
    with pytest.raises(Unavailable):
        sign_in("lea")
    with pytest.raises(Unavailable):
        ldap.probe(settings.LDAP)


def test_doctor_looks_at_the_directory(people: Slapd, settings: Settings) -> None:
    def look() -> tuple[bool, str]:
        found = next(check for check in health.checks() if check.name == "LDAP")
        return found.ok, found.detail

    assert look() == (True, f"ldap://localhost:{people.port} answers")
    settings.LDAP = people.server(bind_password="wrong")
    assert look() == (False, f"{MANAGER}: invalidCredentials")
    settings.LDAP = None
    assert "LDAP" not in {check.name for check in health.checks()}


def test_an_address_of_ldaps_needs_no_starttls(people: Slapd, settings: Settings) -> None:
    settings.LDAP = people.server(url=f"ldaps://localhost:{people.secure_port}")
    assert sign_in("lea") is not None


def test_guessing_is_locked_out(people: Slapd, settings: Settings) -> None:
    settings.SIGN_IN_FAILURES = 3
    client = Client()
    for _attempt in range(3):
        answer = post(client, "lea", "wrong")
    assert answer.status_code == 429
    assert post(client, "lea").status_code == 429


def test_the_page_signs_in(people: Slapd) -> None:
    client = Client()
    assert post(client, "lea").headers["Location"] == "/"
    assert client.get("/").status_code == 200


def test_a_second_factor_is_asked_for_as_of_anybody(people: Slapd) -> None:
    lea = sign_in("lea")
    assert lea is not None
    give_second_factor(lea)
    client = Client()
    assert post(client, "lea").headers["Location"].startswith("/sign-in/code/")
    assert client.get("/").status_code == 302
    assert client.post("/sign-in/code/", {"code": wrong_code()}).status_code == 401
    assert client.post("/sign-in/code/", {"code": code()}).headers["Location"] == "/"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("by_id", [False, True], ids=["name", "id"])
def test_the_api_takes_the_password_of_the_directory(people: Slapd, by_id: bool) -> None:
    whom: dict[str, Any] = {"name": "lea", "domain": {"id": "default"}}
    if by_id:
        lea = sign_in("lea")
        assert lea is not None
        whom = {"id": lea.id}
    for password, status in ((PASSWORD, 201), ("wrong", 401)):
        identity = {"methods": ["password"], "password": {"user": whom | {"password": password}}}
        answer = Client().post(
            "/identity/v3/auth/tokens", {"auth": {"identity": identity}}, content_type="application/json"
        )
        assert answer.status_code == status
    assert User.objects.get().name == "lea"


def test_the_password_is_not_changed_here(people: Slapd, as_root: Any) -> None:
    lea = sign_in("lea")
    assert lea is not None
    given = {"original_password": PASSWORD, "password": "another pass phrase"}
    with pytest.raises(BadInput) as refused:
        users.change_password(HttpRequest(), lea.id, given)
    assert "signs in through another service" in str(refused.value.fields["password"])
    with pytest.raises(BadInput):
        users.update(as_root, lea.id, {"password": "another pass phrase"})
    assert not User.objects.get(pk=lea.id).has_usable_password()
    assert sign_in("lea") == lea


def test_unknown_names_and_wrong_passwords_ask_the_directory_alike(
    people: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    binds = ldap._can_bind

    def counted(*arguments: Any) -> bool:
        asked.append(arguments[2] == "wrong")
        return binds(*arguments)

    monkeypatch.setattr(ldap, "_can_bind", counted)
    factories.UserFactory(name="ann", password=make_password("a password of ours"))
    for name in ("lea", "nobody", "ann"):
        assert sign_in(name, "wrong") is None
    assert asked == [True, False, False]
