"""The one running installation that all measurements of a run share."""

import json
import os
import subprocess
import sys
from functools import cached_property
from typing import Any

from tests.stack import BASE, Browserless, Stack


class Installation:
    """A stack, its administrator, and what several measurements need in it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.admin: Browserless = stack.bootstrap()
        self.database = stack.root / "data" / "meridian.sqlite3"

    def launch(self, name: str) -> dict[str, Any]:
        """A running instance of the tiny image: its row."""
        answer = self.admin.launch(self.stack, name)
        assert answer.status == 200, answer.text
        return self.stack.wait_for_state(name, "active")

    def purge(self, name: str) -> None:
        """Remove an instance for good."""
        answer = self.admin.act(self.stack, name, "purge")
        assert answer.status == 200, answer.text
        self.stack.wait_for_state(name, "deleted")

    @cached_property
    def guest(self) -> dict[str, Any]:
        """An instance that runs until the end."""
        return self.launch("bench-guest")

    @cached_property
    def rows(self) -> dict[str, Any]:
        """Instances without guests, as `tests.bench.rows` makes them and says."""
        return json.loads(self.run("tests.bench.rows"))

    def run(self, module: str) -> str:
        """What the module's `main` writes in a process with the installation's settings."""
        program = f"import django; django.setup(); from {module} import main; main()"
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=BASE,
            env=self.stack.environment | {"DJANGO_SETTINGS_MODULE": "portal.settings"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout


def pids_under(root: int) -> list[int]:
    """The process and all its descendants."""
    found = [root]
    for pid in found:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as children:
                found += [int(child) for child in children.read().split()]
    return found
