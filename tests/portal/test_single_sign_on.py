"""Signing in at an OpenID Connect provider: a real one, in a process of its own."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AuditEvent, Domain, ExternalIdentity, User
from tests import factories, provider
from tests.ports import free_port
from tests.provider import Provider

OURS = "http://localhost:8000"
HOST = {"host": "localhost:8000"}


@pytest.fixture(scope="module")
def running_provider() -> Iterator[Provider]:
    with provider.running(free_port(), OURS) as running:
        yield running


@pytest.fixture
def example(running_provider: Provider, settings: Settings, db: None) -> Iterator[Provider]:
    """The provider, set up as ours; the domain is there."""
    factories.DomainFactory()
    settings.PUBLIC_URL = OURS
    settings.OIDC = running_provider.settings()
    yield running_provider
    running_provider.says(
        "lea", preferred_username="lea", email="lea@example.org", email_verified=True, groups=None
    )


def leave(client: Client, to: str = "/") -> str:
    """Follow the button of the sign-in page; the provider's address."""
    page = client.get("/sign-in/", {"next": to}, headers=HOST).content.decode()
    button = re.search(r'href="(/sign-in/provider/[^"]*)"', page)
    assert button is not None, page
    answer = client.get(html.unescape(button[1]), headers=HOST)
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def come_back(client: Client, address: str) -> Any:
    assert address.startswith(OURS)
    return client.get(address.removeprefix(OURS), headers=HOST)


def sign_in(client: Client, example: Provider, name: str = "lea", to: str = "/") -> Any:
    return come_back(client, example.sign_in(leave(client, to), name))


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def test_without_a_provider_there_is_no_button_and_no_page(client: Client, db: None) -> None:
    assert "Sign in with" not in text(client.get("/sign-in/"))
    for name in ("oidc", "oidc-callback"):
        assert client.get(reverse(name)).status_code == 404


def test_the_first_sign_in_makes_a_user_and_the_next_finds_them(client: Client, example: Provider) -> None:
    assert "Sign in with Example" in text(client.get("/sign-in/"))
    answer = sign_in(client, example, to="/instances/?status=error")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/instances/?status=error")
    lea = User.objects.get()
    assert (lea.name, lea.email, lea.domain_id) == ("lea", "lea@example.org", Domain.DEFAULT_ID)
    assert not lea.has_usable_password()
    identity = ExternalIdentity.objects.get()
    assert (identity.user, identity.source, identity.subject) == (lea, example.issuer, "subject-of-lea")
    assert AuditEvent.objects.get(action="user.create").detail == {"source": example.issuer}
    assert client.get("/", headers=HOST).status_code == 200
    assert sign_in(Client(), example).status_code == 302
    assert User.objects.count() == 1


def test_what_is_asked_of_the_provider_is_fresh_and_leaves_no_session(
    client: Client, example: Provider
) -> None:
    asked = [parse_qs(urlsplit(leave(client)).query) for _ in range(2)]
    for query in asked:
        assert query["redirect_uri"] == [OURS + reverse("oidc-callback")]
        assert query["code_challenge_method"] == ["S256"]
        assert query["response_type"] == ["code"]
    for name in ("state", "nonce", "code_challenge"):
        assert len({query[name][0] for query in asked}) == 2
    assert Session.objects.count() == 0


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_coming_back_leads_to_our_own_pages_only(client: Client, example: Provider, wanted: str) -> None:
    begun = client.get(reverse("oidc") + "?" + urlencode({"next": wanted}), headers=HOST)
    answer = come_back(client, example.sign_in(begun.headers["Location"]))
    assert answer.headers["Location"] == "/"


def test_another_of_our_names_leads_to_the_one_that_the_provider_knows(
    client: Client, example: Provider
) -> None:
    answer = client.get("/sign-in/provider/?next=/keypairs/", headers={"host": "127.0.0.1:8000"})
    assert answer.headers["Location"] == f"{OURS}/sign-in/provider/?next=/keypairs/"


def test_an_answer_counts_in_the_browser_that_asked_and_once(client: Client, example: Provider) -> None:
    address = example.sign_in(leave(client))
    assert come_back(Client(), address).status_code == 400
    other = Client()
    leave(other)
    assert come_back(other, address).status_code == 400
    assert come_back(client, address).status_code == 302
    again = come_back(client, address)
    assert again.status_code == 400
    assert "Start again" in text(again)
    assert Session.objects.count() == 1


def test_the_code_is_bound_to_our_verifier(client: Client, example: Provider) -> None:
    """PKCE: a code that was asked for with another challenge is worth nothing, also with state and nonce right."""
    address = leave(client)
    challenge = parse_qs(urlsplit(address).query)["code_challenge"][0]
    stolen = example.sign_in(address.replace(challenge, challenge[::-1]))
    answer = come_back(client, stolen)
    assert answer.status_code == 400
    assert "The answer of Example cannot be used" in text(answer)


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({"error": "access_denied"}, 403, "Example did not sign you in"),
        ({"error": "server_error"}, 400, "cannot be used"),
        ({}, 400, "cannot be used"),
        ({"code": "made up"}, 400, "cannot be used"),
        ({"code": "x", "iss": "https://evil.example"}, 400, "cannot be used"),
        ({"state": "another", "code": "x"}, 400, "cannot be used"),
        ({"state": "\N{GHOST}\0", "code": "x" * 10_000}, 400, "cannot be used"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_goes_wrong_is_said(
    client: Client, example: Provider, query: dict[str, str], status: int, says: str
) -> None:
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]
    answer = client.get(reverse("oidc-callback"), {"state": state} | query, headers=HOST)
    assert answer.status_code == status
    assert says in text(answer)
    assert Session.objects.count() == 0


@pytest.mark.parametrize("issuer", ["http://localhost:1", "wrong path"])
def test_a_provider_that_is_away_is_said(
    client: Client, example: Provider, settings: Settings, issuer: str
) -> None:
    settings.OIDC = example.settings(issuer=f"{example.issuer}/nothing" if issuer == "wrong path" else issuer)
    answer = client.get(reverse("oidc"), headers=HOST)
    assert answer.status_code == 503
    assert "Example does not answer as it should" in text(answer)


def test_a_wrong_secret_is_no_fault_of_the_person(
    client: Client, example: Provider, settings: Settings
) -> None:
    settings.OIDC = example.settings(client_secret="wrong")
    assert sign_in(client, example).status_code == 400


def test_a_local_user_of_the_same_name_is_not_taken_over(client: Client, example: Provider) -> None:
    factories.UserFactory(name="lea")
    answer = sign_in(client, example)
    assert answer.status_code == 403
    assert "Another user is called lea" in text(answer)
    assert (Session.objects.count(), ExternalIdentity.objects.count()) == (0, 0)


def test_a_renamed_person_stays_who_they_are(client: Client, example: Provider) -> None:
    sign_in(client, example)
    before = User.objects.get()
    example.says("lea", preferred_username="leonie")
    sign_in(Client(), example)
    assert (User.objects.get(), User.objects.get().name) == (before, "leonie")


def test_disabled_users_stay_out(client: Client, example: Provider) -> None:
    sign_in(Client(), example)
    User.objects.update(enabled=False)
    answer = sign_in(client, example)
    assert answer.status_code == 403
    assert "is disabled" in text(answer)
    assert not User.objects.get().enabled


def test_strangers_stay_out_if_the_settings_say_so(
    client: Client, example: Provider, settings: Settings
) -> None:
    settings.OIDC = example.settings(makes_users=False)
    answer = sign_in(client, example)
    assert answer.status_code == 403
    assert "Nobody here knows you as lea" in text(answer)
    known = factories.UserFactory(name="known", password=make_password("a password of ours"))
    call_command("link_identity", "known", oidc="subject-of-lea")
    assert sign_in(client, example).status_code == 302
    assert [(user.pk, user.name) for user in User.objects.all()] == [(known.pk, "lea")]
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email": "lea@Example.ORG"}, 302),
        ({"email": "lea@example.org.evil.example"}, 403),
        ({"email_verified": False}, 403),
        ({"email_verified": "true"}, 403),
        ({"email": None}, 403),
    ],
    ids=str,
)
def test_only_verified_addresses_of_allowed_domains(
    client: Client, example: Provider, settings: Settings, claims: dict[str, Any], status: int
) -> None:
    settings.OIDC = example.settings(allowed_mail_domains=frozenset({"example.org"}))
    example.says("lea", **claims)
    assert sign_in(client, example).status_code == status
    assert User.objects.count() == (status == 302)


def test_groups_let_in_and_are_mirrored(client: Client, example: Provider, settings: Settings) -> None:
    settings.OIDC = example.settings(
        allowed_groups=frozenset({"cloud"}), groups=frozenset({"operators", "cloud"})
    )
    assert sign_in(client, example).status_code == 403
    example.says("lea", groups=["cloud", "operators", "others", 7])
    assert sign_in(client, example).status_code == 302
    lea = User.objects.get()
    assert {group.name for group in lea.groups.all()} == {"cloud", "operators"}
    example.says("lea", groups=["cloud"])
    sign_in(Client(), example)
    assert {group.name for group in lea.groups.all()} == {"cloud"}


@pytest.mark.parametrize("name", [None, "", 7, "a\u202eb", "x" * 300])
def test_a_name_that_nobody_may_have_is_refused(client: Client, example: Provider, name: Any) -> None:
    example.says("lea", preferred_username=name)
    assert sign_in(client, example).status_code in {400, 403}
    assert User.objects.count() == 0


def test_signing_out_offers_to_sign_out_there_too(client: Client, example: Provider) -> None:
    sign_in(client, example)
    answer = client.post("/sign-out/", headers=HOST)
    assert answer.status_code == 200
    assert "still signed in at Example" in text(answer)
    assert "data-live" not in text(answer)
    link = re.search(r'href="(http[^"]+)"', answer.content.decode())
    assert link is not None
    address = html.unescape(link[1])
    assert address.startswith(f"{example.issuer}/logout/?")
    # The provider takes the hint and our address; anything wrong in them would be an error page of its own.
    there = requests.get(address, allow_redirects=False, timeout=30)
    assert there.status_code in {200, 302}
    assert client.get("/", headers=HOST).status_code == 302
    assert Session.objects.count() == 0


def test_whoever_came_by_password_signs_out_as_ever(client: Client, example: Provider, alice: User) -> None:
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    assert client.post("/sign-out/", headers=HOST).headers["Location"] == "/sign-in/"
