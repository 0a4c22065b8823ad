"""What a guest reads about itself, read back from the ISO image."""

import base64
import io
import json
import re

import pycdlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.instances.models import Instance
from compute.instances.services import config_drive
from tests import factories
from tests.hostile import STRANGE_BUT_TRUE_NAMES


def read_back(image: bytes, *, by: str) -> dict[str, bytes]:
    """The files under openstack/latest, found by the extension `by` (rr or joliet)."""
    iso = pycdlib.PyCdlib()
    iso.open_fp(io.BytesIO(image))
    try:
        assert iso.pvd.volume_identifier.decode().strip() == "config-2"
        found: dict[str, bytes] = {}
        for folder, _folders, files in iso.walk(**{f"{by}_path": "/"}):
            for name in files:
                content = io.BytesIO()
                iso.get_file_from_iso_fp(content, **{f"{by}_path": f"{folder}/{name}"})
                assert folder == "/openstack/latest"
                found[name] = content.getvalue()
        return found
    finally:
        iso.close()


@pytest.mark.parametrize("by", ["rr", "joliet"])
def test_all_of_it_comes_back(db: None, by: str) -> None:
    script = b"#!/bin/sh\necho \xc3\xa9\n"
    instance = factories.InstanceFactory(
        name="Web 1",
        key_name="laptop",
        public_key="ssh-ed25519 AAAA me",
        user_data=base64.b64encode(script).decode(),
        launch_index=1,
        hypervisor=factories.HypervisorFactory(zone="east"),
    )
    port = factories.PortFactory(instance=instance)
    files = read_back(config_drive.build(instance), by=by)
    assert set(files) == {"meta_data.json", "network_data.json", "user_data"}
    metadata = json.loads(files["meta_data.json"])
    assert (metadata["uuid"], metadata["name"]) == (str(instance.pk), "Web 1")
    assert (metadata["hostname"], metadata["project_id"]) == ("web-1", instance.project_id)
    assert (metadata["launch_index"], metadata["availability_zone"]) == (1, "east")
    assert metadata["public_keys"] == {"laptop": "ssh-ed25519 AAAA me"}
    assert metadata["keys"] == [{"name": "laptop", "type": "ssh", "data": "ssh-ed25519 AAAA me"}]
    assert json.loads(files["network_data.json"])["links"][0]["ethernet_mac_address"] == port.mac
    assert files["user_data"] == script


def test_every_interface_is_told_of(db: None) -> None:
    instance = factories.InstanceFactory()
    ports = [factories.PortFactory(instance=instance) for _number in range(2)]
    told = json.loads(read_back(config_drive.build(instance), by="rr")["network_data.json"])
    assert [(link["vif_id"], link["ethernet_mac_address"]) for link in told["links"]] == [
        (str(port.pk), port.mac) for port in ports
    ]
    assert [(network["link"], network["network_id"]) for network in told["networks"]] == [
        (link["id"], str(port.network_id)) for link, port in zip(told["links"], ports, strict=True)
    ]


def test_what_was_not_given_is_not_there(db: None) -> None:
    files = read_back(config_drive.build(factories.InstanceFactory()), by="rr")
    assert set(files) == {"meta_data.json"}
    assert not {"public_keys", "keys"} & set(json.loads(files["meta_data.json"]))


@pytest.mark.parametrize("name", STRANGE_BUT_TRUE_NAMES)
def test_any_name_comes_back_equal(db: None, name: str) -> None:
    instance = factories.InstanceFactory(name=name)
    metadata = json.loads(read_back(config_drive.build(instance), by="joliet")["meta_data.json"])
    assert metadata["name"] == name


def test_the_largest_user_data_fits(db: None) -> None:
    largest = bytes(range(256)) * 191
    instance = factories.InstanceFactory(user_data=base64.b64encode(largest).decode())
    assert read_back(config_drive.build(instance), by="rr")["user_data"] == largest


@pytest.mark.parametrize(
    ("name", "hostname"),
    [
        ("Web 1", "web-1"),
        ("web_1.example.org", "web-1-example-org"),
        ("--a--b--", "a-b"),
        ("x" * 255, "x" * 63),
        ("x" * 62 + "-y", "x" * 62),
        ("$(reboot)", "reboot"),
    ],
)
def test_host_names(name: str, hostname: str) -> None:
    assert config_drive.hostname(Instance(name=name)) == hostname


@pytest.mark.parametrize("name", ["数据库", "🐧", "---", "…"])
def test_a_name_without_latin_letters_gives_a_host_name_by_id(name: str) -> None:
    instance = Instance(name=name)
    assert config_drive.hostname(instance) == f"instance-{instance.pk.hex[:8]}"


@given(st.text(min_size=1, max_size=300))
def test_every_host_name_is_one(name: str) -> None:
    hostname = config_drive.hostname(Instance(name=name))
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", hostname)
