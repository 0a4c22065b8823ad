"""What scripts do besides: many at once with user data, another image, back from a resize, the recycle bin, the SDK."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import REQUIREMENTS, OpenStack
from tests.stack import BASE, Stack, wait_for
from tests.venvs import venv_of

JSON = "-f json"
NEWEST = "--os-compute-api-version 2.88"
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def image(stack: Stack) -> str:
    """Linux, which runs scripts."""
    return stack.linux


def status(openstack: OpenStack, name: str) -> str:
    return str(openstack(f"server show {name} {JSON}")["status"])


@pytest.mark.proof
def test_two_at_once_with_user_data(openstack: OpenStack, image: str, tmp_path: Path, stack: Stack) -> None:
    script = tmp_path / "first-boot"
    script.write_text("#!/bin/sh\nexit 7\n")
    create = f"{NEWEST} server create --wait --min 2 --max 2 --flavor tiny --image {image} {JSON}"
    openstack(f"{create} --config-drive true --user-data", str(script), "pair")
    assert {row["Name"] for row in openstack(f"server list --name pair {JSON}")} == {"pair-1", "pair-2"}
    done = "user data finished with status 7"
    wait_for(lambda: done in openstack.run("console log show pair-1").stdout, "the script", 120, 2)


@pytest.mark.proof
def test_rebuilding_and_back_from_a_resize(openstack: OpenStack, image: str) -> None:
    before = openstack(f"server show pair-1 {JSON}")["addresses"]
    rebuilt = openstack.run(f"{NEWEST} server rebuild --wait --image {image} --description anew pair-1")
    assert rebuilt.returncode == 0, rebuilt.stderr
    shown = openstack(f"{NEWEST} server show pair-1 {JSON}")
    assert (shown["status"], shown["description"], shown["addresses"]) == ("ACTIVE", "anew", before)
    openstack(f"flavor create --ram 160 --disk 2 --vcpus 1 {JSON} wider")
    assert openstack.run("server resize --wait --flavor wider pair-1").returncode == 0
    openstack("server resize revert pair-1")
    wait_for(lambda: status(openstack, "pair-1") == "ACTIVE", "the way back", 120, 1)
    assert openstack(f"{NEWEST} server show pair-1 {JSON}")["flavor"]["original_name"] == "tiny"
    openstack("flavor delete wider")


@pytest.mark.proof
def test_an_administrator_sets_a_state(openstack: OpenStack) -> None:
    openstack("server set --auto-approve --state error pair-2")
    assert status(openstack, "pair-2") == "ERROR"
    openstack("server set --auto-approve --state active pair-2")
    assert status(openstack, "pair-2") == "ACTIVE"


@pytest.mark.proof
def test_the_recycle_bin(openstack: OpenStack, stack: Stack) -> None:
    key = openstack(f"server show pair-2 {JSON}")["id"]
    openstack("server delete pair-2")
    wait_for(lambda: stack.instance("pair-2")["vm_state"] == "soft-delete", "the bin", 60)
    openstack(f"server restore {key}")
    wait_for(lambda: status(openstack, "pair-2") == "ACTIVE", "it to be back", 120, 1)
    for name in ("pair-1", "pair-2"):
        assert openstack.run(f"server delete --force --wait {name}").returncode == 0
    assert openstack(f"server list --name pair {JSON}") == []
    assert stack.audit() == ""


def test_the_sdk(openstack: OpenStack, stack: Stack) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    done = subprocess.run(
        [venv_of(REQUIREMENTS) / "python", "-m", "tests.clients.sdk_story", openstack.cloud],
        cwd=BASE,
        env=clean | {"OS_CLIENT_CONFIG_FILE": str(openstack.clouds)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "key": "-----BEGIN OPENSSH PRIVATE KEY-----",
        "made": ["ACTIVE", "sdk-key", {"stage": "test"}, "tiny"],
        "found": ["sdk"],
        "addresses": ["default"],
        "states": ["SHUTOFF", "ACTIVE", "PAUSED", "ACTIVE"],
        "metadata": {"stage": "test", "owner": "ann"},
        "console": "novnc",
        "log": True,
        "quota": 20,
        "hypervisors": ["up"],
        "left": [],
    }
    assert stack.audit() == ""
