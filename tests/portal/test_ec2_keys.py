"""EC2 keys on the page of application credentials: made, shown once, deleted."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, StoredCredential, User
from accounts.services import ec2_credentials
from tests import factories
from tests.portal.test_credentials_page import ADDRESS, browser_of

NEW, DELETE = f"{ADDRESS}ec2-keys/new/", f"{ADDRESS}ec2-keys/delete/"


def made(client: Client) -> str:
    answer = client.post(NEW)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.content.decode()


def test_the_secret_is_shown_once(alice: User, blue: Project) -> None:
    client = browser_of(alice)
    text = made(client)
    key = StoredCredential.objects.get()
    assert (key.user, key.project, key.type) == (alice, blue, "ec2")
    assert re.findall(r'<code class="secret">([^<]+)</code>', text) == [ec2_credentials.secret(key)]
    assert "Create a key for blue" in text
    again = client.get(ADDRESS).content.decode()
    assert ec2_credentials.secret(key) not in again
    assert key.access in again
    assert "openstack ec2 credentials create" in again


def test_nothing_but_ec2_keys_is_listed(alice: User) -> None:
    StoredCredential.objects.create(user=alice, type="cert", sealed_blob="x")
    assert browser_of(alice).get(ADDRESS).content.decode().count("/ec2-keys/delete/") == 0


def test_deleting_is_for_its_user_alone(alice: User, max_: User) -> None:
    client = browser_of(alice)
    made(client)
    access = StoredCredential.objects.get().access
    assert browser_of(max_).post(DELETE, {"access": access}).status_code == 404
    assert client.post(DELETE, {"access": "\0"}).status_code == 404
    assert client.post(DELETE, {"access": access}).status_code == 302
    assert not StoredCredential.objects.exists()


def test_a_key_needs_a_project(db: None) -> None:
    """Who administers the system alone works in none."""
    lone = factories.UserFactory(name="lone")
    factories.AssignmentFactory(user=lone, project=None, role__name="admin")
    client = browser_of(lone)
    assert NEW not in client.get(ADDRESS).content.decode()
    refused = client.post(NEW)
    assert refused.status_code == 403
    assert "Work in a project first" in refused.content.decode()


@pytest.mark.parametrize("role", ["", "service"])
def test_who_has_no_role_to_give_makes_none(blue: Project, role: str) -> None:
    user = factories.UserFactory(name="somebody")
    if role:
        factories.AssignmentFactory(user=user, project=blue, role__name=role)
    assert browser_of(user).post(NEW).status_code == 403


def test_many_cost_as_many_queries_as_one(alice: User) -> None:
    client = browser_of(alice)
    made(client)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(ADDRESS).status_code == 200
        return len(captured)

    one = queries()
    for _number in range(9):
        made(client)
    assert queries() == one
