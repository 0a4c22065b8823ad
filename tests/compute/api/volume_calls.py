"""Calls of the Block Storage API, with the token of whoever calls and in a microversion."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import Project, User
from tests import answers
from tests.accounts.api.identity_calls import api_of

NEWEST = "3.70"


class BlockStorage:
    """Speaks JSON below /volume/v3; `at` makes the same in another microversion."""

    def __init__(self, token: str | None = None, version: str | None = None) -> None:
        self.token, self.version = token, version
        self._client = Client()

    def at(self, version: str) -> "BlockStorage":
        return BlockStorage(self.token, version)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """A path that begins with a slash is taken as it is."""
        own = {"X-Auth-Token": self.token} if self.token else {}
        if self.version:
            own["OpenStack-API-Version"] = f"volume {self.version}"
        path = path if path.startswith("/") else f"/volume/v3/{path}"
        answer = self._client.generic(
            method,
            path,
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers=own | headers,
        )
        return answers.check(method, path, answer)

    def get(self, path: str, status: int = 200) -> Any:
        return self._read("GET", path, None, status)

    def post(self, path: str, body: Any, status: int = 200) -> Any:
        return self._read("POST", path, body, status)

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        return self._read("PUT", path, body, status)

    def delete(self, path: str, status: int = 202) -> Any:
        return self._read("DELETE", path, None, status)

    def create(self, status: int = 202, **fields: Any) -> Any:
        answer = self.post("volumes", {"volume": {"size": 1} | fields}, status)
        return answer["volume"] if status == 202 else answer

    def act(self, volume: object, name: str, value: Any = None, status: int = 202) -> Any:
        return self._read("POST", f"volumes/{volume}/action", {name: value}, status)

    def _read(self, method: str, path: str, body: Any, status: int) -> Any:
        """The answer's JSON, None where it has no body; its status must be as expected."""
        answer = self.call(method, path, body)
        assert answer.status_code == status, f"{answer.status_code}: {answer.content.decode()}"
        return json.loads(answer.content) if answer.content else None


def block_storage_of(user: User, project: Project | None = None) -> BlockStorage:
    """As this user in this project, without the cost of a password."""
    return BlockStorage(api_of(user, project).token)
