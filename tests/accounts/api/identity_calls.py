"""Calls of the Identity API, with the token of whoever calls."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import Project, User
from accounts.services import tokens
from accounts.services.tokens import Scope
from tests import answers

NEW: dict[str, dict[str, Any]] = {
    "users": {"name": "new"},
    "groups": {"name": "new"},
    "projects": {"name": "new"},
    "domains": {"name": "new"},
    "roles": {"name": "new"},
    "regions": {"id": "new"},
    "services": {"name": "new", "type": "new"},
}
"""What makes a new row of each resource."""


class Api:
    """Speaks JSON below /identity/v3, with a token or without one."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self._client = Client()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """A path that begins with a slash is taken as it is."""
        own = {"X-Auth-Token": self.token} if self.token else {}
        path = path if path.startswith("/") else f"/identity/v3/{path}"
        answer = self._client.generic(
            method,
            path,
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers=own | headers,
        )
        return answers.check(method, path, answer)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, **body: Any) -> HttpResponse:
        return self.call("POST", path, body)

    def patch(self, path: str, **body: Any) -> HttpResponse:
        return self.call("PATCH", path, body)

    def put(self, path: str, body: Any = None) -> HttpResponse:
        return self.call("PUT", path, body)

    def delete(self, path: str) -> HttpResponse:
        return self.call("DELETE", path)


def api_of(user: User, project: Project | None = None, **scope: Any) -> Api:
    """As this user in this project, without the cost of a password."""
    return Api(tokens.issue(user, ["password"], Scope(project=project, **scope)).text)


def noun(plural: str) -> str:
    return plural.removesuffix("s")


def read(answer: HttpResponse) -> Any:
    assert answer.status_code in {200, 201}, answer.content
    return json.loads(answer.content)


def make(admin: Api, plural: str, **given: Any) -> dict[str, Any]:
    return read(admin.post(plural, **{noun(plural): NEW[plural] | given}))[noun(plural)]
