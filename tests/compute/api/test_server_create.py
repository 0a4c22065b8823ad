"""Servers by the Compute API: what a wish makes, and what is wrong with others."""

import base64
import gzip
from typing import Any

import pytest

from accounts.models import Project
from compute.engine.models import Operation
from compute.engine.services import secrets
from compute.instances.models import Instance
from compute.instances.services import config_drive, user_data
from tests.compute.api.compute_calls import Compute
from tests.worker import run

pytestmark = pytest.mark.django_db
Wish = dict[str, Any]
NOBODYS = "5f0d5a53-7d2c-4b4f-9f3e-0b6ab2f0a7c1"


def test_create(member: Compute, wish: Wish) -> None:
    data = base64.b64encode(b"#!/bin/sh\necho hello").decode()
    more = {
        "metadata": {"stage": "test"},
        "user_data": data,
        "config_drive": True,
        "security_groups": [{"name": "default"}],
        "accessIPv4": "192.0.2.7",
        "accessIPv6": "",
        "min_count": 1,
        "max_count": 1,
        "block_device_mapping_v2": [
            {
                "uuid": wish["imageRef"],
                "boot_index": 0,
                "source_type": "image",
                "destination_type": "local",
                "delete_on_termination": True,
            }
        ],
    }
    made = member.post("servers", {"server": wish | more}, 202)["server"]
    assert set(made) == {"id", "links", "OS-DCF:diskConfig", "security_groups", "adminPass"}
    row = Instance.objects.get(pk=made["id"])
    assert (row.metadata, row.access_ipv4, row.access_ipv6) == ({"stage": "test"}, "192.0.2.7", None)
    assert row.user_data == data
    assert row.ports.count() == 1
    (operation,) = Operation.objects.on(row.pk).all()
    assert secrets.unseal(operation.secrets) == {"admin_password": made["adminPass"]}
    assert made["adminPass"] not in str(list(Operation.objects.values()))
    shown = member.get(f"servers/{made['id']}")["server"]
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("BUILD", "scheduling")
    assert shown["flavor"]["id"] == wish["flavorRef"]


def test_the_password_reaches_the_guest_and_is_forgotten(member: Compute, wish: Wish) -> None:
    made = member.post("servers", {"server": wish | {"adminPass": "sesame open"}}, 202)["server"]
    row = Instance.objects.get(pk=made["id"])
    assert made["adminPass"] == "sesame open"
    assert b"sesame open" in config_drive.build(row, "sesame open")
    operation = Operation.objects.on(row.pk).get()
    ended = run(operation)
    assert (ended.state, ended.secrets) == (Operation.State.FAILED, "")


@pytest.mark.parametrize(
    ("version", "change", "field"),
    [
        ("2.1", {"imageRef": NOBODYS}, "imageRef"),
        ("2.1", {"imageRef": "nonsense"}, "imageRef"),
        ("2.1", {"imageRef": None}, "imageRef"),
        ("2.1", {"flavorRef": "nonsense"}, "flavorRef"),
        ("2.1", {"name": ""}, "name"),
        ("2.1", {"name": "x" * 256}, "name"),
        ("2.1", {"key_name": "none"}, "key_name"),
        ("2.1", {"networks": [{"uuid": NOBODYS}]}, "networks"),
        ("2.1", {"networks": [{"port": NOBODYS}]}, "networks"),
        ("2.1", {"networks": "auto"}, "networks"),
        ("2.37", {}, "networks"),
        ("2.1", {"user_data": "%%%"}, "user_data"),
        ("2.1", {"metadata": {"a" * 256: "b"}}, "metadata"),
        ("2.1", {"metadata": {"a/b": "c"}}, "metadata"),
        ("2.1", {"metadata": ["a"]}, "metadata"),
        ("2.1", {"accessIPv4": "1.2.3"}, "accessIPv4"),
        ("2.1", {"accessIPv6": "1.2.3.4"}, "accessIPv6"),
        ("2.1", {"min_count": 3, "max_count": 2}, "min_count"),
        ("2.1", {"min_count": "x"}, "min_count"),
        ("2.1", {"security_groups": [{"name": "web"}]}, "security_groups"),
        ("2.1", {"availability_zone": "mars"}, "availability_zone"),
        ("2.1", {"personality": [{"path": "/a", "contents": ""}]}, "personality"),
        ("2.1", {"block_device_mapping_v2": [{"source_type": "volume"}]}, "block_device_mapping_v2"),
        ("2.52", {"networks": "none", "tags": ["a/b"]}, "tags"),
        ("2.52", {"networks": "none", "tags": [".."]}, "tags"),
    ],
)
def test_wrong_wishes(member: Compute, wish: Wish, version: str, change: Wish, field: str) -> None:
    said = member.at(version).post("servers", {"server": wish | change}, 400)["badRequest"]["message"]
    assert field in said
    assert not Instance.objects.exists()


@pytest.mark.parametrize("body", [{}, {"server": None}, {"server": []}, [], {"serve": {}}])
def test_bodies_that_are_none(member: Compute, body: Any) -> None:
    member.post("servers", body, 400)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"#cloud-config\n{}\n", mtime=0),
        "#!/bin/sh\necho Größe\n".encode("latin-1"),
        "#cloud-config\nname: Größe\n".encode("latin-1"),
        b"#cloud-config-archive\n- type: text/cloud-config\n  content: a\n",
        b"#cloud-config-jsonp\n[]\n",
        b"#cloud-config",
        bytes(range(256)),
    ],
)
@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes])
def test_user_data_are_bytes(
    member: Compute, server: Instance, wish: Wish, content: bytes, encode: Any
) -> None:
    """With or without line breaks in the base64, when a server is made and when it is rebuilt."""
    sent = encode(content).decode()
    made = member.post("servers", {"server": wish | {"user_data": sent}}, 202)["server"]
    row = Instance.objects.get(pk=made["id"])
    assert user_data.content(row) == content
    rebuild = {"rebuild": {"imageRef": wish["imageRef"], "user_data": sent}}
    answer = member.at("2.57").post(f"servers/{server.pk}/action", rebuild, 202)
    assert base64.b64decode(answer["server"]["user_data"]) == content


def test_several_at_once(member: Compute, admin: Compute, wish: Wish) -> None:
    many = wish | {"min_count": 1, "max_count": "2", "return_reservation_id": True, "networks": "none"}
    answer = member.at("2.37").post("servers", {"server": many}, 202)
    member.at("2.37").post("servers", {"server": wish | {"networks": "none"}}, 202)
    key = answer["reservation_id"]
    assert key.startswith("r-")
    found = member.get(f"servers?reservation_id={key}&sort_key=name&sort_dir=asc")["servers"]
    assert [row["name"] for row in found] == ["web-1", "web-2"]
    for index, row in enumerate(found):
        its = admin.at("2.3").get(f"servers/{row['id']}")["server"]
        assert its["OS-EXT-SRV-ATTR:reservation_id"] == key
        assert its["OS-EXT-SRV-ATTR:launch_index"] == index


def test_no_quota(member: Compute, wish: Wish, admin: Compute, blue: Project) -> None:
    admin.put(f"os-quota-sets/{blue.id}", {"quota_set": {"instances": 0}})
    assert "Instances" in member.post("servers", {"server": wish}, 403)["forbidden"]["message"]


def test_readers_create_nothing(reader: Compute, wish: Wish) -> None:
    reader.post("servers", {"server": wish}, 403)
