"""Images by the real `openstack` command: brought from files, shared, changed, saved, and launched from."""

import hashlib
import json
import os
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.clients.conftest import OpenStack
from tests.stack import Stack, wait_for
from tests.web_server import WebServer

JSON = "-f json"
pytestmark = pytest.mark.timeout(600)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def create(openstack: OpenStack, file: Path, name: str, form: str, more: str = "") -> dict[str, object]:
    line = f"image create --file {file} --disk-format {form} --container-format bare {more} {JSON} {name}"
    made: dict[str, object] = openstack(line)
    return made


def create_empty(openstack: OpenStack, stack: Stack, name: str) -> None:
    """An image without data, which the command cannot make unless a person types it."""
    request = urllib.request.Request(
        f"{stack.url}/image/v2/images",
        json.dumps({"name": name, "disk_format": "raw", "container_format": "bare"}).encode(),
        {"X-Auth-Token": openstack(f"token issue {JSON}")["id"], "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201


def test_a_file_comes_back_as_it_went(openstack: OpenStack, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(2**20) + bytes(2**25) + os.urandom(2**20))
    create(openstack, source, "bytes", "raw", "--property os_distro=debian --tag one --min-disk 1")
    shown = openstack(f"image show bytes {JSON}")
    assert (shown["status"], shown["size"], shown["tags"]) == ("active", source.stat().st_size, ["one"])
    assert shown["properties"]["os_hash_value"] == digest(source)
    assert shown["properties"]["os_distro"] == "debian"
    openstack(f"image save --file {target} bytes")
    assert digest(target) == digest(source)
    openstack("image set --name renamed --property os_distro=ubuntu --tag two --protected bytes")
    openstack("image unset --tag one renamed")
    shown = openstack(f"image show renamed {JSON}")
    assert (shown["tags"], shown["properties"]["os_distro"], shown["protected"]) == (["two"], "ubuntu", True)
    assert "protected" in openstack.refused("image delete renamed")
    openstack("image set --unprotected --deactivate renamed")
    assert openstack(f"image show renamed {JSON}")["status"] == "deactivated"
    openstack("image set --activate renamed")
    openstack("image delete renamed")
    assert "renamed" not in {row["Name"] for row in openstack(f"image list {JSON}")}


def test_what_a_file_is_not_is_refused(openstack: OpenStack, tmp_path: Path) -> None:
    subprocess.run(
        ["qemu-img", "create", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", tmp_path / "evil", "1M"],
        check=True,
        capture_output=True,
    )
    said = openstack.refused(
        f"image create --file {tmp_path / 'evil'} --disk-format qcow2 --container-format bare evil"
    )
    assert "not safe to use" in said
    said = openstack.refused(
        f"image create --file {tmp_path / 'evil'} --disk-format raw --container-format bare evil"
    )
    assert "not safe to use" in said
    for row in openstack(f"image list --name evil {JSON}"):
        assert row["Status"] == "queued"
        openstack(f"image delete {row['ID']}")


def test_an_image_is_imported(openstack: OpenStack, stack: Stack, tmp_path: Path, web: WebServer) -> None:
    """Staged by the client, and from the web."""
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3 * 2**20))
    assert "web-download" in str(openstack(f"image import info {JSON}"))
    line = "image create --disk-format raw --container-format bare"
    openstack(f"{line} --import --file {source} {JSON} staged")
    create_empty(openstack, stack, "fetched")
    url = web.serve("/source", source.read_bytes())
    openstack(f"image import --method web-download --uri {url} {JSON} fetched")
    for name in ("staged", "fetched"):
        wait_for(lambda name=name: openstack(f"image show {name} {JSON}")["status"] == "active", name)
        properties = openstack(f"image show {name} {JSON}")["properties"]
        assert properties["os_hash_value"] == digest(source)
        openstack(f"image delete {name}")
    create_empty(openstack, stack, "inside")
    # The command does not say that this is refused.
    openstack.run("image import --method web-download --uri http://169.254.169.254/ inside")
    openstack("image delete inside")
    assert [row["Status"] for row in openstack(f"image task list {JSON}")] == ["success", "success"]
    assert stack.audit() == ""


def test_an_image_is_shared_with_a_project(openstack: OpenStack, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(bytes(4096))
    create(openstack, tmp_path / "source", "ours", "raw", "--shared")
    project = openstack(f"project create {JSON} guests")
    openstack(f"image add project {JSON} ours guests")
    members = openstack(f"image member list ours {JSON}")
    assert [(row["Member ID"], row["Status"]) for row in members] == [(project["id"], "pending")]
    openstack("image set --project guests --accept ours")
    assert openstack(f"image member list ours {JSON}")[0]["Status"] == "accepted"
    openstack("image remove project ours guests")
    openstack("image delete ours")
    openstack("project delete guests")


@pytest.mark.parametrize("form", ["vmdk", "vhd"])
def test_an_image_of_another_format_is_launched(
    openstack: OpenStack, stack: Stack, tmp_path: Path, form: str
) -> None:
    halting = openstack(f"image show Halting {JSON}")["id"]
    openstack(f"image save --file {tmp_path / 'halting'} {halting}")
    driver = {"vhd": "vpc"}.get(form, form)
    subprocess.run(["qemu-img", "convert", "-O", driver, tmp_path / "halting", tmp_path / form], check=True)
    create(openstack, tmp_path / form, form, form)
    server = openstack(f"server create --flavor tiny --image {form} --wait {JSON} from-{form}")
    assert server["status"] == "ACTIVE"
    assert openstack.run(f"server delete --wait from-{form}").returncode == 0
    assert stack.audit() == ""
