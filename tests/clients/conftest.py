"""The real `openstack` command against a running installation.

The command lives in a virtual environment of its own below var/ (`tests.venvs`).
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import web_server
from tests.stack import QUICK_HASHES, Stack, running
from tests.venvs import venv_of
from tests.warm import Command
from tests.web_server import WebServer

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


class OpenStack:
    """Runs `openstack` in one of the clouds of the installation's clouds.yaml."""

    def __init__(self, command: Command, clouds: Path, cloud: str = "meridian-admin") -> None:
        self.command = command
        self.clouds = clouds
        self.cloud = cloud

    def within(self, cloud: str) -> "OpenStack":
        """The same command in another cloud of the file."""
        return OpenStack(self.command, self.clouds, cloud)

    def run(self, line: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run a line as a person types it, without quotes; `more` may hold spaces."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        return self.command.run(
            [*line.split(), *more],
            clean | {"OS_CLIENT_CONFIG_FILE": str(self.clouds), "OS_CLOUD": self.cloud},
        )

    def __call__(self, line: str, *more: str) -> Any:
        """What the command prints as JSON; None where it prints nothing. It must succeed."""
        done = self.run(line, *more)
        assert done.returncode == 0, f"openstack {line}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, line: str, *more: str) -> str:
        """What the command says when it fails, as it must."""
        done = self.run(line, *more)
        assert done.returncode != 0, f"openstack {line} should have failed: {done.stdout}"
        assert "Traceback" not in done.stderr
        return done.stderr


# All of this package's, since starting an installation takes longer than most tests.
@pytest.fixture(scope="package")
def openstack_command() -> Iterator[Command]:
    command = Command(venv_of(REQUIREMENTS) / "python", "openstack_command")
    yield command
    command.close()


@pytest.fixture(scope="package")
def web() -> Iterator[WebServer]:
    """A web server from which images are imported."""
    with web_server.running() as server:
        yield server


@pytest.fixture(scope="package")
def stack(web: WebServer) -> Iterator[Stack]:
    allowed = {"MERIDIAN_IMPORT_NETWORKS": "127.0.0.0/8", "MERIDIAN_IMPORT_PORTS": f"80,{web.port}"}
    with running(halting=True, **allowed, **QUICK_HASHES) as stack:
        stack.bootstrap()
        assert stack.halting, "clients find it by its name"
        yield stack


@pytest.fixture(scope="package")
def openstack(stack: Stack, openstack_command: Command) -> OpenStack:
    """As the administrator that `manage.py bootstrap` made."""
    return OpenStack(openstack_command, stack.root / "data" / "clouds.yaml")
