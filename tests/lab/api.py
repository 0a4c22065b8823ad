"""The Compute API as an administrator's script asks it."""

import json
import urllib.request
from typing import Any

from tests.stack import PASSWORD, Stack


class Compute:
    """Answers of the Compute API, with a token of its own."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.url
        user = {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
        body = json.dumps({"auth": {"identity": identity, "scope": scope}}).encode()
        address, headers = f"{stack.url}/identity/v3/auth/tokens", {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30) as answer:
            self._token = answer.headers["X-Subject-Token"]

    def get(self, path: str) -> Any:
        """Return the JSON at an address below /compute/v2.1/."""
        headers = {"X-Auth-Token": self._token, "X-OpenStack-Nova-API-Version": "2.53"}
        request = urllib.request.Request(f"{self._url}/compute/v2.1/{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def states(self, host: str) -> set[str]:
        """Return what the lists of hypervisors and of services say of a host, `up` or `down`."""
        services = self.get("os-services")["services"]
        hypervisors = self.get("os-hypervisors")["hypervisors"]
        return {row["state"] for row in services if row["host"] == host} | {
            row["state"] for row in hypervisors if row["hypervisor_hostname"] == host
        }
