"""People who do every verb there is, over the HTTP APIs, on the same few instances, knowing nothing of each other."""

import os
import random
import re
import threading
from collections import Counter
from typing import Any
from uuid import UUID

import django
import requests

from tests.stack import PASSWORD, Stack

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from tests.instance_actions import ACTIONS, MOVES  # noqa: E402 - actions are models' neighbours

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
INSTANCES = 7
"""More are not launched while so many exist; clones may add a few."""

IMAGES = 4
UNTRUE = {"reset_state"}
"""An administrator's word against the host's, which the audit then tells of."""

RASH = 0.15
"""How often somebody asks for what the state forbids."""

GONE = {"delete", "purge"}
AWAY = {502, 503, 504}
REFUSED = {400, 403, 404, 409}
PAGES = ("instances/", "activity/", "images/", "")


def told(counted: Counter[str]) -> str:
    """Return what was counted, in one line."""
    return ", ".join(f"{what} {count}" for what, count in sorted(counted.items()))


class Person:
    """The administrator in a session of their own, who asks for something, looks what came of it, and goes on."""

    def __init__(self, stack: Stack, chance: random.Random, number: int) -> None:
        self.title = f"person {number}"
        self.wrong: list[str] = []
        self._stack = stack
        self._chance = chance
        self._number = number
        self.begun: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._made = 0
        self._session = requests.Session()
        self._pages = stack.sign_in("admin")
        self._sign_in()

    def work(self, over: threading.Event) -> None:
        while not over.wait(self._chance.uniform(0.1, 1.5)):
            try:
                self._do_something()
            except (requests.RequestException, OSError) as error:
                self._answers[f"no answer: {type(error).__name__}"] += 1
            except Exception as error:  # noqa: BLE001 - told at the end, with all else that is wrong
                self.wrong.append(f"{self.title}: {error!r}")

    def summary(self) -> str:
        return told(self._answers)

    def _do_something(self) -> None:
        servers = self._ask("GET", "compute/v2.1/servers/detail").get("servers", [])
        match self._chance.random():
            case luck if luck < 0.2 and len(servers) < INSTANCES:
                self._launch()
            case luck if luck < 0.27:
                self._tidy_images()
            case luck if luck < 0.34:
                self._note(self._pages.get(f"/{self._chance.choice(PAGES)}").status, "page")
            case luck if luck < 0.42:
                self._act_on_a_deleted_one()
            case _ if servers:
                self._act(self._chance.choice(servers))
            case _:
                self._launch()

    def _launch(self) -> None:
        self._made += 1
        server = {
            "name": f"of-{self._number}-{self._made}",
            "imageRef": self._stack.halting,
            "flavorRef": self._chance.choice(("1", "1", "roomy")),
            "networks": "auto",
            "min_count": self._chance.choice((1, 1, 2)),
        }
        self._ask("POST", "compute/v2.1/servers", {"server": server})

    def _act(self, server: dict[str, Any]) -> None:
        state, task = server["OS-EXT-STS:vm_state"], server["OS-EXT-STS:task_state"]
        verbs = [verb for verb in ACTIONS if verb not in UNTRUE]
        if self._chance.random() > RASH:
            verbs = [verb for verb in verbs if verb not in MOVES or MOVES[verb].allows(state, task)]
        # Two of thirty verbs end a life; else there would hardly be one in which all others come.
        if self._chance.random() < 0.5:
            verbs = [verb for verb in verbs if verb not in GONE]
        self._begin(server["id"], self._chance.choice(verbs))

    def _act_on_a_deleted_one(self) -> None:
        query = "select id from compute_instance where vm_state = 'soft-delete'"
        if found := sorted(str(UUID(row["id"])) for row in self._stack.rows(query)):
            self._begin(self._chance.choice(found), self._chance.choice(("restore", "purge")))

    def _begin(self, key: str, verb: str) -> None:
        """By Nova's name where there is one, else as the pages do."""
        if verb == "delete":
            self._ask("DELETE", f"compute/v2.1/servers/{key}")
        elif name := ACTIONS[verb].api_name:
            self._ask("POST", f"compute/v2.1/servers/{key}/action", {name: self._wish(verb)}, verb)
        else:
            answer = self._pages.post(f"/instances/{key}/actions/{verb}/", **self._form(verb))
            self._note(answer.status, verb, answer.text)

    def _wish(self, verb: str) -> Any:
        match verb:
            case "reboot":
                return {"type": "SOFT"}
            case "resize":
                return {"flavorRef": self._chance.choice(("1", "wide", "roomy"))}
            case "rebuild":
                return {"imageRef": self._stack.halting}
            case "set_password":
                return {"adminPass": PASSWORD}
            case "take_image":
                self._made += 1
                return {"name": f"image-{self._number}-{self._made}"}
        return None

    def _form(self, verb: str) -> dict[str, str]:
        self._made += 1
        return {
            "clone": {"name": f"clone-{self._number}-{self._made}"},
            "grow": {"flavor_id": self._chance.choice(("wide", "roomy"))},
            "rename": {"name": f"renamed-{self._number}-{self._made}"},
            "describe": {"description": "described"},
        }.get(verb, {})

    def _tidy_images(self) -> None:
        images = self._ask("GET", "image/v2/images").get("images", [])
        taken = [image for image in images if image["visibility"] == "private"]
        if len(taken) > IMAGES:
            self._ask("DELETE", f"image/v2/images/{self._chance.choice(taken)['id']}")

    def limits(self) -> dict[str, Any]:
        """Return what the quotas count and allow."""
        return dict(self._ask("GET", "compute/v2.1/limits")["limits"]["absolute"])

    # ── What is asked and answered ───────────────────────────────────────────────────────────
    def _sign_in(self) -> None:
        proof = {"user": {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}}
        scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": proof}
        answer = self._session.post(
            f"{self._stack.url}/identity/v3/auth/tokens",
            json={"auth": {"identity": identity, "scope": scope}},
            timeout=60,
        )
        answer.raise_for_status()
        self._session.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
        self._session.headers["X-OpenStack-Nova-API-Version"] = "2.88"

    def _ask(self, method: str, path: str, body: Any = None, what: str = "") -> dict[str, Any]:
        answer = self._session.request(method, f"{self._stack.url}/{path}", json=body, timeout=60)
        self._note(answer.status_code, what or f"{method} {ID.sub('…', path)}", answer.text)
        return answer.json() if answer.ok and answer.text else {}

    def _note(self, status: int, what: str, text: str = "") -> None:
        self._answers[str(status)] += 1
        if status < 400:
            self.begun[what] += 1
        if status >= 400 and status not in AWAY | REFUSED:
            self.wrong.append(f"{self.title}: {what} was answered with {status}: {text[:300]}")
