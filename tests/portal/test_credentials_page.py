"""The page of application credentials: what it makes, shows once, refuses and deletes."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApplicationCredential, AuditEvent, Project, User
from accounts.services import application_credentials
from tests import factories

ADDRESS = "/credentials/"


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


def made(client: Client, **fields: object) -> str:
    answer = client.post(ADDRESS, {"name": "robot", "roles": ["member"]} | fields)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.content.decode()


@pytest.mark.parametrize(
    ("role", "least"), [("member", "reader"), ("reader", "reader"), ("manager", "reader")]
)
def test_the_least_role_is_chosen_at_first(blue: Project, role: str, least: str) -> None:
    page = browser_of(factories.with_role("ann", role, blue)).get(ADDRESS).content.decode()
    boxes = re.findall(r'<input[^>]*name="roles"[^>]*>', page)
    chosen = [re.findall(r'value="([^"]+)"', box)[0] for box in boxes if "checked" in box]
    assert chosen == [least]


def test_the_secret_is_shown_once_and_signs_in(alice: User) -> None:
    client = browser_of(alice)
    text = made(client)
    secret = re.findall(r'<code class="secret">([^<]+)</code>', text)[0]
    credential = ApplicationCredential.objects.get()
    assert application_credentials.verify_secret(credential, secret)
    assert {role.name for role in credential.roles.all()} == {"member"}
    assert (credential.unrestricted, credential.expires_at, credential.access_rules) == (False, None, [])
    assert f"application_credential_secret: {secret}" in text
    assert f"export OS_APPLICATION_CREDENTIAL_SECRET={secret}" in text
    assert "openstack --os-cloud meridian token issue" in text
    again = client.get(ADDRESS).content.decode()
    assert secret not in again
    assert "robot" in again


def test_expiry_rules_and_the_dangerous_box(alice: User) -> None:
    rules = "identity get /v3/projects\n\ncompute POST /v2.1/servers/**\n"
    made(browser_of(alice), expires_on="2099-01-31", access_rules=rules, unrestricted="on")
    credential = ApplicationCredential.objects.get()
    assert credential.unrestricted
    assert f"{credential.expires_at:%Y-%m-%d %H:%M:%S %Z}" == "2099-01-31 23:59:59 UTC"
    kept = [(rule["service"], rule["method"], rule["path"]) for rule in credential.access_rules]
    assert kept == [("identity", "GET", "/v3/projects"), ("compute", "POST", "/v2.1/servers/**")]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "Give a name."),
        ({"name": "we\u200bb"}, "The character U+200B"),
        ({"name": "x" * 256}, "Use at most 255 characters."),
        ({"roles": []}, "Choose at least one role."),
        ({"roles": ["admin"]}, "Select a valid choice"),
        ({"expires_on": "2001-01-01"}, "This time is in the past."),
        ({"expires_on": "NaN"}, "Give a time like"),
        ({"expires_on": "9" * 5000}, "at most 32 characters"),
        ({"access_rules": "identity GET"}, "A rule names a service, a method and a path."),
        ({"access_rules": "identity STEAL /"}, "Give an HTTP method"),
        ({"access_rules": "a GET /\n" * 101}, "Give a list of rules."),
    ],
)
def test_refusals_stand_at_their_fields(alice: User, fields: dict[str, object], sentence: str) -> None:
    answer = browser_of(alice).post(ADDRESS, {"name": "robot", "roles": ["member"]} | fields)
    assert answer.status_code == 400
    assert sentence in html.unescape(answer.content.decode())
    assert not ApplicationCredential.objects.exists()


def test_a_name_is_used_once(alice: User) -> None:
    client = browser_of(alice)
    made(client)
    answer = client.post(ADDRESS, {"name": "robot", "roles": ["member"]})
    assert answer.status_code == 409
    assert "There is an application credential robot already." in answer.content.decode()


def test_deleting_is_for_its_user_alone_and_audited(alice: User, max_: User) -> None:
    client = browser_of(alice)
    made(client)
    key = ApplicationCredential.objects.get().id
    assert browser_of(max_).post(f"{ADDRESS}delete/", {"id": key}).status_code == 404
    assert client.post(f"{ADDRESS}delete/", {"id": "\0"}).status_code == 404
    assert client.post(f"{ADDRESS}delete/", {"id": key}).status_code == 302
    assert not ApplicationCredential.objects.exists()
    assert [event.action for event in AuditEvent.objects.order_by("id")] == [
        "credential.create",
        "credential.delete",
    ]


def test_how_to_use_the_api(alice: User) -> None:
    text = browser_of(alice).get(ADDRESS).content.decode()
    for value in ("http://localhost:8000/identity/v3", alice.default_project_id, "RegionOne"):
        assert f"<code>{value}</code>" in text
    assert f'href="{reverse("api-document")}"' in text


def test_markup_in_names_is_text(alice: User) -> None:
    text = made(browser_of(alice), name="</template><script>alert(1)</script>")
    assert "<script>alert" not in text


def test_many_cost_as_many_queries_as_one(alice: User) -> None:
    client = browser_of(alice)
    made(client)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(ADDRESS).status_code == 200
        return len(captured)

    one = queries()
    for number in range(9):
        made(client, name=f"robot-{number}")
    assert queries() == one <= 12
