"""Stored credentials and EC2 keys by the real `openstack` command, and requests signed as its own library signs them."""

import hashlib
import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import REQUIREMENTS, OpenStack
from tests.stack import Stack
from tests.venvs import venv_of

JSON = "-f json"
SIGNER = Path(__file__).with_name("ec2_signer.py")


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["ID"] for row in rows]


def test_credentials(openstack: OpenStack) -> None:
    made = openstack(f"credential create --project demo {JSON} admin", "a certificate, as it is")
    user = openstack(f"user show admin {JSON}")["id"]
    assert (made["type"], made["blob"], made["user_id"]) == ("cert", "a certificate, as it is", user)
    assert made["project_id"] == openstack(f"project show demo {JSON}")["id"]
    assert openstack(f"credential show {JSON} {made['id']}") == made
    assert ids(openstack(f"credential list --user admin --type cert {JSON}")) == [made["id"]]
    assert openstack(f"credential list --type totp {JSON}") == []
    openstack(f"credential set --user admin --type cert {made['id']} --data", "another one")
    assert openstack(f"credential show {JSON} {made['id']}")["blob"] == "another one"
    said = openstack.refused(f"credential set --user admin --type totp {made['id']} --data", "x")
    assert "type: This stays as it is" in said
    openstack(f"credential delete {made['id']}")
    assert openstack(f"credential list {JSON}") == []


def test_an_ec2_key_as_a_credential(openstack: OpenStack) -> None:
    keys = '{"access": "mine", "secret": "mine too"}'
    assert "project_id" in openstack.refused("credential create --type ec2 admin", keys)
    made = openstack(f"credential create --type ec2 --project demo {JSON} admin", keys)
    assert made["id"] == hashlib.sha256(b"mine").hexdigest()
    assert "already" in openstack.refused("credential create --type ec2 --project demo admin", keys)
    assert openstack(f"ec2 credentials show {JSON} mine")["secret"] == "mine too"
    openstack(f"credential delete {made['id']}")


def test_ec2_credentials(openstack: OpenStack) -> None:
    demo = openstack.within("meridian-demo")
    made = demo(f"ec2 credentials create {JSON}")
    assert made["project_id"] == openstack(f"project show demo {JSON}")["id"]
    elsewhere = demo(f"ec2 credentials create --project admin {JSON}")
    assert elsewhere["project_id"] == openstack(f"project show admin {JSON}")["id"]
    listed = demo(f"ec2 credentials list {JSON}")
    assert [row["Access"] for row in listed] == [made["access"], elsewhere["access"]]
    assert demo(f"ec2 credentials show {JSON} {made['access']}")["secret"] == made["secret"]
    demo(f"ec2 credentials delete {made['access']} {elsewhere['access']}")
    assert demo(f"ec2 credentials list {JSON}") == []
    demo.refused(f"ec2 credentials show {made['access']}")


@pytest.mark.parametrize("version", ["2", "4"])
def test_what_keystones_library_signs(openstack: OpenStack, stack: Stack, version: str) -> None:
    """Heat signs by it; the administrator may ask for others as a service may."""
    key = openstack(f"ec2 credentials create --project demo {JSON}")
    command = [venv_of(REQUIREMENTS) / "python", SIGNER, version, key["access"], key["secret"]]
    signed = subprocess.run(command, capture_output=True, check=True).stdout
    token = openstack(f"token issue {JSON}")["id"]
    request = urllib.request.Request(
        f"{stack.url}/identity/v3/ec2tokens", signed, {"X-Auth-Token": token}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["token"]["project"]["name"] == "demo"
    openstack(f"ec2 credentials delete {key['access']}")
