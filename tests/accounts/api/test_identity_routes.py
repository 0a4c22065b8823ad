"""Who gets what answer from which call of the Identity API: each of its URL configuration, as tables."""

import json
import re

import pytest
from django.contrib.sessions.models import Session

from accounts.models import AuditEvent, Project, User
from accounts.services import application_credentials, tokens
from accounts.services.tokens import Scope
from tests import factories
from tests.accounts.api.identity_calls import Api, api_of
from tests.accounts.api.identity_routes import Call, calls

pytestmark = pytest.mark.django_db

VERSIONS = {"identity-versions", "identity-version", "identity-version-slash"}
WITHOUT_TOKEN = {"GET": VERSIONS, "POST": {"identity-tokens", "identity-user-password"}}
"""What needs no token by method: the version documents, and what proves by its body."""

ANYBODY = {"identity-auth-projects", "identity-auth-domains", "identity-auth-system", "identity-limits-model"}
READERS = {
    "identity-auth-catalog",
    "identity-roles",
    "identity-role-inferences",
    "identity-regions",
    "identity-services",
    "identity-endpoints",
    "identity-limits",
    "identity-registered-limits",
}
OWN = {"identity-application-credentials", "identity-application-credential"}
"""Belong to their user, also for an administrator who would make one."""

ROLES = ["nobody", "service", "reader", "member", "manager", "admin"]


def as_role(role: str, blue: Project) -> Api:
    user = factories.UserFactory()
    if role == "nobody":
        return api_of(user)
    factories.AssignmentFactory(user=user, project=blue, role__name=role)
    return api_of(user, blue)


def expected(call: Call, role: str) -> set[int]:
    """The statuses of a call that names nothing that there is."""
    if call.name in WITHOUT_TOKEN.get(call.method, ()):
        return {200, 300} if call.method == "GET" else {400}
    if call.name == "identity-tokens":  # without a subject there is nothing to see
        return {404}
    if call.name in ANYBODY or (call.name in READERS and call.method == "GET"):
        least = "nobody" if call.name in ANYBODY else "reader"
        if call.name == "identity-auth-catalog":
            least = "service"
        return {200} if ROLES.index(role) >= ROLES.index(least) else {403}
    if role == "admin":
        if call.name == "identity-region" and call.method == "PUT":
            return {201}
        if call.name == "identity-application-credentials":
            return {200} if call.method == "GET" else {400, 403}
        listing = not call.arguments
        return ({200} if call.method == "GET" else {400}) if listing else {400, 404}
    # What one may not see is not there; what one may not do is refused before it is looked for.
    return {403, 404} if call.method == "GET" else {400, 403}


@pytest.mark.parametrize("call", calls(), ids=str)
def test_roles(call: Call, blue: Project) -> None:
    for role in ROLES:
        before = AuditEvent.objects.count()
        answer = as_role(role, blue).call(call.method, call.to(place="projects", actor="users"))
        assert answer.status_code in expected(call, role), f"{role}: {answer.content!r}"
        if answer.status_code >= 400:
            error = json.loads(answer.content)["error"]
            assert error["code"] == answer.status_code
            assert error["message"]
            assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("call", calls(), ids=str)
@pytest.mark.parametrize("token", [None, "", "x", "0" * 64, "\N{SNOWMAN}", "x" * 4000])
def test_without_a_good_token(call: Call, token: str | None, blue: Project) -> None:
    """401 with the way to get in; neither a session nor a redirect comes of it."""
    answer = Api(token).call(call.method, call.to(place="projects", actor="users", place_id=blue.id))
    if call.name in WITHOUT_TOKEN.get(call.method, ()):
        assert answer.status_code in {200, 300, 400}
    else:
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Keystone uri=")
        assert json.loads(answer.content)["error"]["title"] == "Unauthorized"
    assert answer["x-openstack-request-id"].startswith("req-")
    assert "Cookie" not in answer.get("Vary", "")
    assert not answer.cookies
    assert Session.objects.count() == 0


@pytest.mark.parametrize("call", [call for call in calls() if call.arguments], ids=str)
def test_a_foreign_thing_is_as_unknown_as_any(
    call: Call, member: Api, bob: User, red: Project, alice: User
) -> None:
    """What is another's answers a member like what nobody has: same status, same words, and nothing is done."""
    red.tags.create(name="secret")
    group = factories.GroupFactory(name="reds")
    group.members.add(bob)
    bobs = tokens.issue(bob, ["password"], Scope(project=red)).valid.context()
    credential = application_credentials.create(bobs, bob.id, {"name": "theirs"}).credential
    key = {
        "identity-project": red.id,
        "identity-project-tags": red.id,
        "identity-project-tag": red.id,
        "identity-group": group.id,
        "identity-group-users": group.id,
        "identity-group-user": group.id,
        "identity-application-credential": credential.id,
        "identity-domain": factories.DomainFactory(id="other", name="Other").id,
    }.get(call.name, bob.id)
    theirs = {
        "key": key,
        "user": bob.id,
        "tag": "secret",
        "place": "projects",
        "place_id": red.id,
        "actor": "users",
        "actor_id": bob.id,
        "role": bob.assignments.get().role_id,
    }
    nobodys = dict.fromkeys(theirs, "0" * 32) | {"place": "projects", "actor": "users", "tag": "other"}
    before = AuditEvent.objects.count()
    its = member.call(call.method, call.to(**theirs))
    unknown = member.call(call.method, call.to(**nobodys))
    assert its.status_code == unknown.status_code
    assert its.status_code in {400, 403, 404}
    assert without_ids(its.content) == without_ids(unknown.content)
    assert AuditEvent.objects.count() == before


def without_ids(body: bytes) -> bytes:
    return re.sub(rb"[0-9a-f]{32}|other\b", b"", body)


@pytest.mark.parametrize(
    "path", ["/identity/v3/nothing", "/identity/v3/users/", "/identity/v4", "/identity//"]
)
def test_unknown_addresses_are_no_redirects(path: str, admin: Api) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = admin.call(method, path)
        assert answer.status_code == 404
        assert json.loads(answer.content)["error"]["code"] == 404


@pytest.mark.parametrize("call", [call for call in calls() if "key" in call.arguments], ids=str)
@pytest.mark.parametrize("key", ["admin", "..", "%00", "1' or 1=1 --", "x" * 500, "%ED%A0%80"])
def test_ids_that_are_none(call: Call, key: str, admin: Api) -> None:
    """404, whatever it is: every search by name begins with it."""
    if call.name == "identity-region" and call.method == "PUT":
        return
    answer = admin.call(call.method, call.to(key=key), {})
    assert answer.status_code in {400, 401, 403, 404}


def test_a_cookie_counts_for_nothing(root: User, stranger: Api) -> None:
    stranger._client.force_login(root, backend="accounts.authentication.PasswordBackend")
    assert stranger.get("users").status_code == 401


@pytest.mark.parametrize("accept", ["", "text/html", "application/json", "*/*", "nonsense"])
def test_json_whatever_is_asked_for(admin: Api, accept: str) -> None:
    answer = admin.get("users", Accept=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
