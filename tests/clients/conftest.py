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

from tests.stack import Stack, running
from tests.venvs import venv_of

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
MINUTE = 60


class OpenStack:
    """Runs `openstack` in one of the clouds of the installation's clouds.yaml."""

    def __init__(self, command: Path, clouds: Path, cloud: str = "meridian-admin") -> None:
        self.command = command
        self.clouds = clouds
        self.cloud = cloud

    def within(self, cloud: str) -> "OpenStack":
        """The same command in another cloud of the file."""
        return OpenStack(self.command, self.clouds, cloud)

    def run(self, line: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run a line as a person types it, without quotes; `more` may hold spaces."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        return subprocess.run(
            [self.command, *line.split(), *more],
            env=clean | {"OS_CLIENT_CONFIG_FILE": str(self.clouds), "OS_CLOUD": self.cloud},
            capture_output=True,
            text=True,
            timeout=2 * MINUTE,
            check=False,
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


@pytest.fixture(scope="session")
def openstack_command() -> Path:
    """The installed command."""
    return venv_of(REQUIREMENTS) / "openstack"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running() as stack:
        stack.bootstrap()
        yield stack


@pytest.fixture(scope="module")
def openstack(stack: Stack, openstack_command: Path) -> OpenStack:
    """As the administrator that `manage.py bootstrap` made."""
    return OpenStack(openstack_command, stack.root / "data" / "clouds.yaml")
