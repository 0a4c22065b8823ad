"""Other services with Meridian as their Keystone: what guards nearly all of OpenStack's, and a whole one, Swift."""

import json
import secrets
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import OpenStack
from tests.clients.swift import Swift, swift
from tests.ports import free_port
from tests.stack import PASSWORD, Stack, wait_for
from tests.venvs import venv_of

CACHE_SECONDS = 3
JSON = "-f json"
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def programs() -> Path:
    """Where the services' programs are."""
    return venv_of(HERE / "services.txt")


@pytest.fixture(scope="module", autouse=True)
def _service_user(openstack: OpenStack) -> None:
    """The user by which services ask who asks them."""
    openstack(f"project create {JSON} services")
    openstack(f"user create {JSON} swift --password", PASSWORD)
    openstack("role add --user swift --project services service")


@pytest.fixture(scope="module")
def guarded(stack: Stack, programs: Path) -> Iterator[str]:
    """The address of a service behind keystonemiddleware."""
    port = str(free_port())
    command = [programs / "python", HERE / "guarded_app.py", port, f"{stack.url}/identity", PASSWORD]
    process = subprocess.Popen([*command, str(CACHE_SECONDS)], stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        wait_for(lambda: ask(address, None)[0], "the guarded service to listen")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def ask(address: str, token: str | None) -> tuple[int, dict[str, Any]]:
    """Status and body; 0 while nobody listens."""
    request = urllib.request.Request(address, headers={"X-Auth-Token": token} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {}
    except OSError:
        return 0, {}


def test_keystonemiddleware_gets_user_project_and_roles_right(openstack: OpenStack, guarded: str) -> None:
    openstack("role add --user admin --project demo manager")
    issued = openstack.within("meridian-demo")(f"token issue {JSON}")
    status, told = ask(guarded, issued["id"])
    assert status == 200
    assert told["HTTP_X_IDENTITY_STATUS"] == "Confirmed"
    assert told["HTTP_X_USER_ID"] == issued["user_id"]
    assert told["HTTP_X_PROJECT_ID"] == issued["project_id"]
    assert (told["HTTP_X_USER_NAME"], told["HTTP_X_PROJECT_NAME"]) == ("admin", "demo")
    effective = openstack(f"role assignment list --effective --names --user admin --project demo {JSON}")
    assert set(told["HTTP_X_ROLES"].split(",")) == {row["Role"] for row in effective}


@pytest.mark.parametrize("token", [None, "", "x", "0" * 64])
def test_keystonemiddleware_refuses_what_we_never_issued(guarded: str, token: str | None) -> None:
    assert ask(guarded, token)[0] == 401


def test_keystonemiddleware_refuses_a_revoked_token_once_its_cache_is_old(
    openstack: OpenStack, guarded: str
) -> None:
    token = openstack(f"token issue {JSON}")["id"]
    assert ask(guarded, token)[0] == 200
    openstack(f"token revoke {token}")
    wait_for(lambda: ask(guarded, token)[0] == 401, "the revoked token to be refused", 10 * CACHE_SECONDS)


@pytest.fixture(scope="module")
def object_storage(
    openstack: OpenStack, stack: Stack, programs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Swift]:
    """A Swift that stands in the catalog."""
    with swift(programs, tmp_path_factory.mktemp("swift"), f"{stack.url}/identity") as running:
        openstack(f"service create --name swift {JSON} object-store")
        for interface in ("public", "internal"):
            openstack(f"endpoint create --region RegionOne {JSON} swift {interface} {running.url}")
        yield running
        openstack("service delete swift")


@pytest.mark.proof
def test_swift_keeps_objects_for_our_users(
    openstack: OpenStack, object_storage: Swift, tmp_path: Path
) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.write_bytes(secrets.token_bytes(200_000))
    demo = openstack.within("meridian-demo")
    (made,) = demo(f"container create {JSON} box")
    assert made["container"] == "box"
    (kept,) = demo(f"object create --name thing {JSON} box {original}")
    assert kept["object"] == "thing"
    assert [row["Name"] for row in demo(f"object list {JSON} box")] == ["thing"]
    demo(f"object save --file {copy} box thing")
    assert copy.read_bytes() == original.read_bytes()
    assert openstack(f"container list {JSON}") == []  # another project's are elsewhere
    demo("object delete box thing")
    demo("container delete box")


@pytest.mark.proof
@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_swift_keeps_objects_for_clients_of_s3(
    openstack: OpenStack, object_storage: Swift, programs: Path, version: str
) -> None:
    """By Amazon's own library, which signs by an EC2 key: Swift asks us who signed."""
    demo = openstack.within("meridian-demo")
    key = demo(f"ec2 credentials create {JSON}")

    def story(secret: str) -> Any:
        command = [programs / "python", HERE / "s3_story.py", object_storage.address, version]
        done = subprocess.run([*command, key["access"], secret], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert story("wrong") == {"refused": 403}
    assert story(key["secret"]) == {"kept": "a thing", "listed": ["thing"], "presigned": "a thing"}
    assert [row["Name"] for row in demo(f"container list {JSON}")] == [f"bucket-{version}"]
    demo(f"container delete --recursive bucket-{version}")
    demo(f"ec2 credentials delete {key['access']}")
    assert story(key["secret"]) == {"refused": 403}
