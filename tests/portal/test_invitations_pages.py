"""Inviting and resetting from the browser, and the page that the links lead to."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Assignment, Project, SecondFactor, User, UserSession
from tests.codes import code, give_second_factor

PASSWORD = "correct horse battery"


@pytest.fixture
def admin(root: User) -> Client:
    client = Client()
    client.force_login(root, backend="accounts.authentication.PasswordBackend")
    return client


def link_in(answer: Any) -> str:
    found = re.search(r'value="http://localhost:8000(/password/[^"]+)"', answer.content.decode())
    assert found, answer.content
    return found[1]


def test_from_invitation_to_the_first_page(admin: Client, blue: Project, client: Client) -> None:
    fields = {"name": "ivy", "email": "", "project": blue.id, "role": "member"}
    answer = admin.post("/users/invite/", fields)
    assert answer.headers["Cache-Control"] == "no-store"
    address = link_in(answer)
    shown = client.get(address).content.decode()
    assert "<strong>ivy</strong>" in shown
    assert client.post(address, {"password": "short"}).status_code == 400
    assert client.post(address, {"password": PASSWORD}).headers["Location"] == "/"
    assert client.get("/instances/").status_code == 200
    assert Assignment.objects.filter(user__name="ivy", project=blue).exists()
    assert Client().get(address).status_code == 404


def test_a_reset_link_as_part_of_a_page_and_as_json(admin: Client, bob: User) -> None:
    url = f"/users/{bob.id}/reset-link/"
    part = admin.post(url, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    first = link_in(part)
    said: Any = admin.post(url, headers={"Accept": "application/json"}).json()
    assert said["mailed"] is False
    assert said["link"].startswith("http://localhost:8000/password/")
    assert Client().get(first).status_code == 404, "the newer one ends the older"


def test_a_reset_asks_for_the_second_factor_as_ever(admin: Client, bob: User, client: Client) -> None:
    give_second_factor(bob)
    address = link_in(admin.post(f"/users/{bob.id}/reset-link/"))
    answer = client.post(address, {"password": PASSWORD})
    assert answer.headers["Location"].startswith("/sign-in/code/")
    assert UserSession.objects.filter(user=bob).count() == 0
    assert client.post("/sign-in/code/", {"code": code()}).headers["Location"] == "/"


def test_an_administrator_switches_off_a_lost_second_factor(admin: Client, bob: User) -> None:
    give_second_factor(bob)
    url = f"/users/{bob.id}/second-factor/off/"
    assert admin.post(url, headers={"HX-Request": "true"}).status_code == 204
    assert SecondFactor.objects.count() == 0
    assert admin.post(url).status_code == 404


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"name": "bob\u202e"}, "name"),
        ({"name": "ivy", "email": "x"}, "email"),
        ({"name": "ivy", "project": "unknown", "role": "member"}, "project"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(admin: Client, fields: dict[str, str], wrong: str) -> None:
    before = User.objects.count()
    answer = admin.post("/users/invite/", fields)
    assert answer.status_code == 400
    assert wrong in answer.context["form"].errors
    script: Any = admin.post("/users/invite/", fields, headers={"Accept": "application/json"})
    assert script.status_code == 400
    assert wrong in script.json()["error"]["fields"]
    assert User.objects.count() == before


def test_a_name_that_is_taken_keeps_the_form(admin: Client, bob: User) -> None:
    answer = admin.post("/users/invite/", {"name": "bob"})
    assert answer.status_code == 409
    assert "There is a user bob" in answer.content.decode()
