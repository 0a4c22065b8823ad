"""EC2 keys, and the tokens that other services get for what they have signed."""

import hashlib
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from accounts.models import Assignment, AuditEvent, Project, StoredCredential, Token, User
from accounts.services import application_credentials, tokens
from accounts.services.tokens import Scope
from tests import factories
from tests.accounts.api import ec2_requests
from tests.accounts.api.identity_calls import Api, api_of, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(red: Project) -> Api:
    """As another service, such as Swift: it has that role and no other."""
    swift = factories.UserFactory(name="swift")
    factories.AssignmentFactory(user=swift, project=red, role__name="service")
    return api_of(swift, red)


def make(api: Api, user: User, project: Project) -> dict[str, Any]:
    answer = api.post(f"users/{user.id}/credentials/OS-EC2", tenant_id=project.id)
    assert answer.status_code == 201, answer.content
    return read(answer)["credential"]


def enter(service: Api, key: dict[str, Any], **how: Any) -> HttpResponse:
    signed = ec2_requests.of_ec2(key["access"], key["secret"], **how)
    return service.post("ec2tokens", ec2Credentials=signed)


def enter_s3(service: Api, key: dict[str, Any]) -> HttpResponse:
    return service.post("s3tokens", credentials=ec2_requests.of_s3(key["access"], key["secret"]))


def test_what_the_command_does(member: Api, alice: User, blue: Project) -> None:
    made = make(member, alice, blue)
    assert (made["user_id"], made["tenant_id"], made["trust_id"]) == (alice.id, blue.id, None)
    assert re.fullmatch("[0-9a-f]{32}", made["access"])
    assert re.fullmatch("[0-9a-f]{32}", made["secret"])
    keys = f"users/{alice.id}/credentials/OS-EC2"
    assert made["links"]["self"].endswith(f"/identity/v3/{keys}/{made['access']}")
    assert read(member.get(keys))["credentials"] == [made]
    assert read(member.get(f"{keys}/{made['access']}"))["credential"] == made
    # The same row under its other address, and nothing but EC2 keys under this one.
    (stored,) = read(member.get("credentials"))["credentials"]
    assert stored["id"] == hashlib.sha256(made["access"].encode()).hexdigest()
    assert json.loads(stored["blob"]) == {name: made[name] for name in ("access", "secret")}
    member.post("credentials", credential={"type": "cert", "blob": "x", "user_id": alice.id})
    assert read(member.get(keys))["credentials"] == [made]
    assert member.delete(f"{keys}/{made['access']}").status_code == 204
    assert member.get(f"{keys}/{made['access']}").status_code == 404
    assert [event.action for event in AuditEvent.objects.filter(target_name=made["access"])] == [
        "stored_credential.delete",
        "stored_credential.create",
    ]


@pytest.mark.parametrize("tenant", [None, "", 7, []])
def test_a_key_names_its_project(member: Api, alice: User, tenant: Any) -> None:
    answer = member.post(f"users/{alice.id}/credentials/OS-EC2", tenant_id=tenant)
    assert answer.status_code == 400
    assert b"tenant_id" in answer.content


def test_keys_of_others(member: Api, admin: Api, alice: User, bob: User, blue: Project, red: Project) -> None:
    keys = f"users/{bob.id}/credentials/OS-EC2"
    made = make(admin, bob, red)
    assert read(admin.get(keys))["credentials"] == [made]
    assert member.get(keys).status_code == 403
    assert member.get(f"{keys}/{made['access']}").status_code == 403
    assert member.delete(f"{keys}/{made['access']}").status_code == 403
    assert member.post(keys, tenant_id=blue.id).status_code == 403
    # Not by one's own address either, nor for a project that is not one's own.
    assert member.get(f"users/{alice.id}/credentials/OS-EC2/{made['access']}").status_code == 404
    assert member.post(f"users/{alice.id}/credentials/OS-EC2", tenant_id=red.id).status_code == 404
    assert admin.get("users/unknown/credentials/OS-EC2").status_code == 404
    assert admin.post("users/unknown/credentials/OS-EC2", tenant_id=red.id).status_code == 404
    assert admin.delete(f"{keys}/{made['access']}").status_code == 204


def test_a_service_gets_a_token_for_a_signature(
    service: Api, member: Api, alice: User, blue: Project
) -> None:
    answer = enter(service, make(member, alice, blue))
    token = read(answer)["token"]
    assert answer.status_code == 200
    assert (token["user"]["id"], token["project"]["id"]) == (alice.id, blue.id)
    assert token["methods"] == ["ec2credential"]
    assert {role["name"] for role in token["roles"]} == {"member", "reader"}
    assert token["catalog"] is not None
    own = Api(answer["X-Subject-Token"])
    assert own.get("auth/projects").status_code == 200
    shown = read(service.get("auth/tokens", **{"X-Subject-Token": own.token or ""}))["token"]
    assert shown == token


@pytest.mark.parametrize("name", ["credentials", "ec2Credentials"])
def test_either_name(service: Api, member: Api, alice: User, blue: Project, name: str) -> None:
    key = make(member, alice, blue)
    signed = ec2_requests.of_ec2(key["access"], key["secret"])
    assert service.post("ec2tokens", **{name: signed}).status_code == 200


def test_a_request_of_s3_is_described(service: Api, member: Api, alice: User, blue: Project) -> None:
    """Its token is for nobody to use, and so not stored."""
    key = make(member, alice, blue)
    before = Token.objects.count()
    answer = enter_s3(service, key)
    assert read(answer)["token"]["user"]["id"] == alice.id
    assert "X-Subject-Token" not in answer
    assert Token.objects.count() == before
    assert enter_s3(service, key | {"secret": "wrong"}).status_code == 401
    odd = {"access": key["access"], "signature": "x", "token": "ü"}
    refused = service.post("s3tokens", credentials=odd)
    assert refused.status_code == 400
    assert b"token" in refused.content


def test_nobody_else_gets_one(member: Api, admin: Api, stranger: Api, alice: User, blue: Project) -> None:
    """A signature passes many hands, in presigned addresses for instance (CVE-2025-65073)."""
    key = make(member, alice, blue)
    for way in (enter, enter_s3):
        assert way(admin, key).status_code == 200
        assert way(member, key).status_code == 403
        assert way(stranger, key).status_code == 401


def test_wrong_signatures_and_unknown_keys_fail_alike(
    service: Api, member: Api, alice: User, blue: Project
) -> None:
    key = make(member, alice, blue)
    answers = {
        enter(service, key | {"secret": "wrong"}).content,
        enter(service, key | {"access": "unknown"}).content,
        enter(service, key, age=timedelta(minutes=20)).content,
        enter(service, key, age=timedelta(minutes=-20)).content,
        enter(service, key, SignatureVersion="1").content,
        enter_s3(service, key | {"access": "unknown"}).content,
    }
    assert len(answers) == 1
    assert b'"code": 401' in answers.pop()


@pytest.mark.parametrize("path", ["ec2tokens", "s3tokens"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"credentials": None},
        {"credentials": "x"},
        {"credentials": {}},
        {"credentials": {"access": "a"}},
        {"credentials": {"access": "a", "signature": 7, "token": "x"}},
        {"credentials": {"access": "\ud800", "signature": "x", "token": "x"}},
    ],
    ids=repr,
)
def test_bodies_that_are_none(service: Api, path: str, body: dict[str, Any]) -> None:
    assert service.post(path, **body).status_code == 400


@pytest.mark.parametrize(
    "wrong", [{"params": {"a": 1}}, {"params": {"a": "\ud800"}}, {"headers": []}], ids=repr
)
def test_requests_that_are_none(service: Api, wrong: dict[str, Any]) -> None:
    answer = service.post("ec2tokens", credentials={"access": "a", "signature": "b"} | wrong)
    assert answer.status_code == 400
    assert next(iter(wrong)).encode() in answer.content


def test_a_deleted_key_and_its_tokens_end_at_once(
    service: Api, member: Api, alice: User, blue: Project
) -> None:
    key = make(member, alice, blue)
    token = enter(service, key)["X-Subject-Token"]
    assert member.delete(f"users/{alice.id}/credentials/OS-EC2/{key['access']}").status_code == 204
    assert Api(token).get("auth/projects").status_code == 401
    assert enter(service, key).status_code == 401


def test_a_changed_key_counts_at_once(service: Api, member: Api, alice: User, blue: Project) -> None:
    key = make(member, alice, blue)
    other = {"access": "other", "secret": "another secret"}
    path = f"credentials/{hashlib.sha256(key['access'].encode()).hexdigest()}"
    assert member.patch(path, credential={"blob": json.dumps(other)}).status_code == 200
    assert enter(service, key).status_code == 401
    assert enter(service, other).status_code == 200


def test_what_the_user_loses_the_key_loses(service: Api, member: Api, alice: User, blue: Project) -> None:
    factories.AssignmentFactory(user=alice, project=blue, role__name="reader")
    key = make(member, alice, blue)
    Assignment.objects.filter(user=alice, role__name="member").delete()
    assert {role["name"] for role in read(enter(service, key))["token"]["roles"]} == {"reader"}
    for rows in (User.objects.filter(pk=alice.id), Project.objects.filter(pk=blue.id)):
        for enabled in (False, True):
            rows.update(enabled=enabled)
            assert (enter(service, key).status_code == 200) is enabled
    Assignment.objects.filter(user=alice).delete()
    assert enter(service, key).status_code == 401
    assert enter_s3(service, key).status_code == 401


def test_the_key_of_an_application_credential_has_its_roles(service: Api, alice: User, blue: Project) -> None:
    context = tokens.issue(alice, ["password"], Scope(project=blue)).valid.context()
    data = {"name": "robot", "roles": [{"name": "reader"}], "unrestricted": True}
    robot = application_credentials.create(context, alice.id, data).credential
    issued = tokens.issue(alice, ["application_credential"], Scope(project=blue), credential=robot)
    key = make(Api(issued.text), alice, blue)
    token = read(enter(service, key))["token"]
    assert {role["name"] for role in token["roles"]} == {"reader"}
    assert token["application_credential"]["id"] == robot.id
    application_credentials.delete(context, alice.id, robot.id)
    assert not StoredCredential.objects.exists()
    assert enter(service, key).status_code == 401


def test_a_token_of_a_key_makes_nothing_that_outlives_it(
    service: Api, member: Api, root: User, alice: User, blue: Project, red: Project
) -> None:
    factories.AssignmentFactory(user=alice, project=red)
    make(member, alice, red)
    inside = Api(enter(service, make(member, alice, blue))["X-Subject-Token"])
    keys = f"users/{alice.id}/credentials/OS-EC2"
    assert read(inside.get(keys))["credentials"] == read(inside.get("credentials"))["credentials"] == []
    assert inside.post(keys, tenant_id=blue.id).status_code == 403
    fields = {"type": "cert", "blob": "x", "user_id": alice.id}
    assert inside.post("credentials", credential=fields).status_code == 403
    robot = {"name": "robot"}
    made = inside.post(f"users/{alice.id}/application_credentials", application_credential=robot)
    assert made.status_code == 403
    for scope in ({}, {"scope": {"project": {"id": red.id}}}, {"scope": "unscoped"}):
        identity = {"methods": ["token"], "token": {"id": inside.token}}
        assert Api().post("auth/tokens", auth={"identity": identity} | scope).status_code == 403
