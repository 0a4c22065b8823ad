"""What every call of the Identity API has in common, each of its URL configuration."""

import json

import pytest
from django.contrib.sessions.models import Session

from accounts.models import Project, User
from tests.accounts.api.identity_calls import Api
from tests.accounts.api.identity_routes import Call, calls

pytestmark = pytest.mark.django_db

VERSIONS = {"identity-versions", "identity-version", "identity-version-slash"}
WITHOUT_TOKEN = {"GET": VERSIONS, "POST": {"identity-tokens", "identity-user-password"}}
"""What needs no token by method: the version documents, and what proves by its body."""


NO_TOKENS = [None, "", "x", "0" * 64, "\N{SNOWMAN}", "x" * 4000]
NO_IDS = ["admin", "..", "%00", "1' or 1=1 --", "x" * 500, "%ED%A0%80"]


@pytest.mark.parametrize("call", calls(), ids=str)
def test_without_a_good_token(call: Call, blue: Project) -> None:
    """401 with the way to get in; neither a session nor a redirect comes of it."""
    for token in NO_TOKENS:
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


@pytest.mark.parametrize(
    "path", ["/identity/v3/nothing", "/identity/v3/users/", "/identity/v4", "/identity//"]
)
def test_unknown_addresses_are_no_redirects(path: str, admin: Api) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = admin.call(method, path)
        assert answer.status_code == 404
        assert json.loads(answer.content)["error"]["code"] == 404


@pytest.mark.parametrize("call", [call for call in calls() if "key" in call.arguments], ids=str)
def test_ids_that_are_none(call: Call, admin: Api) -> None:
    """404, whatever it is: every search by name begins with it."""
    if (call.method, call.name) == ("PUT", "identity-region"):
        return  # makes the region
    for key in NO_IDS:
        answer = admin.call(call.method, call.to(key=key), {})
        assert answer.status_code in {400, 401, 403, 404}


def test_a_cookie_counts_for_nothing(root: User, stranger: Api) -> None:
    stranger._client.force_login(root, backend="accounts.authentication.PasswordBackend")
    assert stranger.get("users").status_code == 401


@pytest.mark.parametrize("accept", ["", "text/html", "application/json", "*/*", "nonsense"])
def test_json_whatever_is_asked_for(admin: Api, accept: str) -> None:
    answer = admin.get("users", Accept=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
