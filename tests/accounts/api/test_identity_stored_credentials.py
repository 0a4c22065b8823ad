"""Credentials that users keep here: their own, sealed, so many and no more."""

import hashlib
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from accounts.models import ApplicationCredential, AuditEvent, Project, StoredCredential, Token, User
from accounts.services import application_credentials, stored_credentials, tokens
from accounts.services.tokens import Scope
from tests import factories
from tests.accounts.api.identity_calls import Api, api_of, read

pytestmark = pytest.mark.django_db

KEYS = '{"access": "an-access-key",  "secret": "a-secret"}'


def make(api: Api, user: User, **fields: Any) -> dict[str, Any]:
    answer = api.post("credentials", credential={"type": "cert", "blob": "x", "user_id": user.id} | fields)
    assert answer.status_code == 201, answer.content
    return read(answer)["credential"]


def listed(api: Api, query: str = "") -> list[str]:
    return [row["id"] for row in read(api.get(f"credentials{query}"))["credentials"]]


def test_one_is_kept_as_it_came(member: Api, alice: User) -> None:
    blob = "-----BEGIN CERTIFICATE-----\n  “as it came” \n"
    made = make(member, alice, blob=blob)
    assert (made["type"], made["blob"], made["project_id"], made["user_id"]) == (
        "cert",
        blob,
        None,
        alice.id,
    )
    path = f"credentials/{made['id']}"
    assert made["links"]["self"].endswith(f"/identity/v3/{path}")
    assert read(member.get(path))["credential"] == made
    changed = read(member.patch(path, credential={"blob": "", "type": "cert"}))["credential"]
    assert changed == made | {"blob": ""}
    assert listed(member) == [made["id"]]
    assert member.delete(path).status_code == 204
    assert member.get(path).status_code == 404
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == [
        "stored_credential.create",
        "stored_credential.update",
        "stored_credential.delete",
    ]


def test_it_is_sealed_at_rest_and_in_no_audit(member: Api, alice: User, blue: Project) -> None:
    make(member, alice, type="ec2", blob=KEYS, project_id=blue.id)
    stored = str(list(StoredCredential.objects.values_list()))
    written = str(list(AuditEvent.objects.values_list()))
    assert "a-secret" not in stored + written
    assert "an-access-key" in written


def test_another_secret_key_loses_the_text_and_nothing_else(member: Api, alice: User) -> None:
    made = make(member, alice)
    with override_settings(SECRET_KEY="another"):
        assert read(member.get(f"credentials/{made['id']}"))["credential"]["blob"] == ""


def test_the_id_of_an_ec2_key(member: Api, alice: User, blue: Project) -> None:
    made = make(member, alice, type="ec2", blob=KEYS, project_id=blue.id)
    assert made["id"] == hashlib.sha256(b"an-access-key").hexdigest()
    assert made["blob"] == KEYS
    again = {"type": "EC2", "blob": KEYS, "user_id": alice.id, "project_id": blue.id}
    answer = member.post("credentials", credential=again)
    assert answer.status_code == 409
    assert b"access key" in answer.content
    # As in Keystone the id stays when the key changes.
    other = KEYS.replace("an-access", "another")
    changed = read(member.patch(f"credentials/{made['id']}", credential={"blob": other}))["credential"]
    assert (changed["id"], changed["blob"]) == (made["id"], other)
    assert StoredCredential.objects.get().access == "another-key"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"type": None}, "type"),
        ({"type": ""}, "type"),
        ({"type": "x" * 256}, "type"),
        ({"blob": None}, "blob"),
        ({"blob": {}}, "blob"),
        ({"blob": "x" * 20_000}, "blob"),
        ({"blob": "\0"}, "blob"),
        ({"user_id": None}, "user_id"),
        ({"user_id": 7}, "user_id"),
        ({"project_id": 7}, "project_id"),
        ({"type": "ec2"}, "project_id"),
        ({"type": "ec2", "project_id": None}, "project_id"),
        *(
            ({"type": "ec2", "project_id": "blue", "blob": blob}, "blob")
            for blob in ("", "x", "[]", "{}", '{"access": "a"}', '{"secret": "b"}', "[" * 9999)
        ),
        ({"type": "ec2", "project_id": "blue", "blob": '{"access": 1, "secret": "b"}'}, "blob"),
        ({"type": "ec2", "project_id": "blue", "blob": '{"access": "\\u0000", "secret": "b"}'}, "blob"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_kept(
    member: Api, alice: User, blue: Project, wrong: dict[str, Any], field: str
) -> None:
    fields = {"type": "cert", "blob": "x", "user_id": alice.id} | wrong
    if fields.get("project_id") == "blue":
        fields["project_id"] = blue.id
    answer = member.post("credentials", credential=fields)
    assert answer.status_code == 400
    assert f"credential.{field}:".encode() in answer.content or f"{field}:".encode() in answer.content
    assert not StoredCredential.objects.exists()


@pytest.mark.parametrize("missing", ["type", "blob", "user_id"])
def test_what_must_be_there(member: Api, alice: User, missing: str) -> None:
    fields = {"type": "cert", "blob": "x", "user_id": alice.id}
    answer = member.post("credentials", credential={k: v for k, v in fields.items() if k != missing})
    assert answer.status_code == 400
    assert missing.encode() in answer.content


def test_nothing_but_the_text_changes(
    member: Api, admin: Api, alice: User, bob: User, blue: Project, red: Project
) -> None:
    """As in Keystone; who sends along what is there already, as `openstack credential set` does, is not refused."""
    made = make(member, alice, type="ec2", blob=KEYS, project_id=blue.id)
    path = f"credentials/{made['id']}"
    for wrong in ({"type": "cert"}, {"user_id": bob.id}, {"project_id": red.id}, {"project_id": None}):
        for api in (member, admin):
            answer = api.patch(path, credential=wrong)
            assert answer.status_code == 400
            assert next(iter(wrong)).encode() in answer.content
    assert b"blob" in member.patch(path, credential={"blob": "x"}).content
    again = {name: made[name] for name in ("type", "user_id", "project_id")}
    assert read(member.patch(path, credential=again))["credential"] == made


def test_strangers_reach_nothing(member: Api, alice: User, bob: User, red: Project) -> None:
    """The answer is that of an id that nobody has; nor can one be given away, or made for a foreign project."""
    made = make(member, alice)
    stranger = api_of(bob, red)
    path = f"credentials/{made['id']}"
    for call in (
        stranger.get(path),
        stranger.patch(path, credential={"blob": "y"}),
        stranger.delete(path),
    ):
        assert call.status_code == 404
    assert listed(stranger) == listed(stranger, f"?user_id={alice.id}") == []
    fields = {"type": "cert", "blob": "x"}
    assert stranger.post("credentials", credential=fields | {"user_id": alice.id}).status_code == 403
    of_red = fields | {"user_id": alice.id, "project_id": red.id}
    foreign = member.post("credentials", credential=of_red)
    unknown = member.post("credentials", credential=of_red | {"project_id": "0" * 32})
    assert foreign.status_code == unknown.status_code == 404
    assert read(member.get(path))["credential"] == made


def test_an_administrator_reaches_all(admin: Api, member: Api, alice: User, bob: User, red: Project) -> None:
    own = make(member, alice)
    made = make(admin, bob, type="ec2", blob=KEYS, project_id=red.id)
    assert set(listed(admin)) == {own["id"], made["id"]}
    assert listed(admin, f"?user_id={bob.id}") == listed(admin, "?type=ec2") == [made["id"]]
    assert listed(admin, "?type__contains=er") == [own["id"]]
    assert listed(admin, f"?user_id={bob.id}&type=cert") == listed(admin, "?user_id=%00") == []
    other = {"blob": KEYS.replace("a-secret", "another")}
    changed = read(admin.patch(f"credentials/{made['id']}", credential=other))["credential"]
    assert changed == made | other
    assert admin.delete(f"credentials/{own['id']}").status_code == 204
    unknown = {"type": "cert", "blob": "x", "user_id": "0" * 32}
    assert admin.post("credentials", credential=unknown).status_code == 404


def test_a_hundred_for_a_user_and_no_more(
    member: Api, admin: Api, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_credentials, "MOST", 2)
    for _number in range(2):
        make(member, alice)
    fields = {"type": "cert", "blob": "x", "user_id": alice.id}
    for api in (member, admin):
        answer = api.post("credentials", credential=fields)
        assert answer.status_code == 403
        assert b"at most 2 credentials" in answer.content
    make(admin, bob)
    # One at the limit still changes what is there.
    assert (
        member.patch(f"credentials/{listed(member)[0]}", credential={**fields, "blob": "y"}).status_code
        == 200
    )


def by_credential(user: User, project: Project, *, unrestricted: bool) -> tuple[Api, ApplicationCredential]:
    """The API with a token of an application credential that is a reader."""
    context = tokens.issue(user, ["password"], Scope(project=project)).valid.context()
    data = {"name": f"robot-{unrestricted}", "roles": [{"name": "reader"}], "unrestricted": unrestricted}
    made = application_credentials.create(context, user.id, data).credential
    issued = tokens.issue(user, ["application_credential"], Scope(project=project), credential=made)
    return Api(issued.text), made


def test_a_restricted_application_credential_has_none(member: Api, alice: User, blue: Project) -> None:
    made = make(member, alice)
    robot, _credential = by_credential(alice, blue, unrestricted=False)
    fields = {"type": "cert", "blob": "x", "user_id": alice.id}
    assert robot.post("credentials", credential=fields).status_code == 403
    ec2 = f"users/{alice.id}/credentials/OS-EC2"
    assert robot.post(ec2, tenant_id=blue.id).status_code == 403
    assert listed(robot) == read(robot.get(ec2))["credentials"] == []
    assert robot.get(f"credentials/{made['id']}").status_code == 404
    assert robot.delete(f"credentials/{made['id']}").status_code == 404


def test_an_unrestricted_one_has_what_it_made(member: Api, alice: User, blue: Project, red: Project) -> None:
    """The secrets of others would give it more roles than its own; and what it made goes with it."""
    factories.AssignmentFactory(user=alice, project=red)
    own = make(member, alice)
    robot, credential = by_credential(alice, blue, unrestricted=True)
    fields = {"type": "ec2", "blob": KEYS, "project_id": blue.id}
    made = make(robot, alice, **fields)
    assert listed(robot) == [made["id"]]
    assert robot.get(f"credentials/{own['id']}").status_code == 404
    elsewhere = {"user_id": alice.id, "project_id": red.id}
    assert robot.post("credentials", credential=fields | elsewhere).status_code == 404
    assert set(listed(member)) == {own["id"], made["id"]}
    credential.delete()
    assert listed(member) == [own["id"]]


def test_an_administrators_robot_is_no_exception(member: Api, alice: User, root: User, blue: Project) -> None:
    make(member, alice)
    context = tokens.issue(root, ["password"], Scope(project=blue)).valid.context()
    data = {"name": "robot", "unrestricted": True}
    credential = application_credentials.create(context, root.id, data).credential
    issued = tokens.issue(root, ["application_credential"], Scope(project=blue), credential=credential)
    robot = Api(issued.text)
    assert listed(robot) == []
    answer = robot.post("credentials", credential={"type": "cert", "blob": "x", "user_id": alice.id})
    assert answer.status_code == 403


def test_they_go_with_their_user_and_their_project(
    admin: Api, member: Api, alice: User, bob: User, blue: Project, red: Project
) -> None:
    gone = make(admin, bob)
    factories.AssignmentFactory(user=alice, project=red)
    of_red = make(member, alice, type="ec2", blob=KEYS, project_id=red.id)
    stays = make(member, alice)
    assert admin.delete(f"users/{bob.id}").status_code == 204
    assert set(listed(admin)) == {of_red["id"], stays["id"]}
    assert gone["id"] not in listed(admin)
    assert admin.delete(f"projects/{red.id}").status_code == 204
    assert listed(admin) == [stays["id"]]


def test_forty_cost_as_many_queries_as_one(member: Api, alice: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert member.get("credentials").status_code == 200
        return len(captured)

    make(member, alice)
    one = queries()
    for _number in range(39):
        make(member, alice)
    assert queries() == one


def test_pages(member: Api, alice: User) -> None:
    made = {make(member, alice)["id"] for _number in range(3)}
    first = read(member.get("credentials?limit=2"))
    rest = listed(member, "?" + first["links"]["next"].partition("?")[2])
    assert {row["id"] for row in first["credentials"]} | set(rest) == made


def test_a_change_ends_the_tokens(member: Api, alice: User, blue: Project) -> None:
    made = make(member, alice, type="ec2", blob=KEYS, project_id=blue.id)
    key = StoredCredential.objects.get(pk=made["id"])
    issued = tokens.issue(alice, ["ec2credential"], Scope(project=blue), ec2_key=key)
    assert Token.objects.filter(ec2_key=key).exists()
    member.patch(f"credentials/{made['id']}", credential={"blob": json.dumps({"access": "b", "secret": "c"})})
    assert tokens.check(issued.text) is None
