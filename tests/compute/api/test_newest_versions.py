"""What the microversions from 2.89 to 2.96 have changed, each at the version that brought it and at the one before."""

from typing import Any

import pytest

from compute.engine.models import Operation
from compute.images.models import Image
from compute.instances.models import Instance
from compute.instances.services.config_drive import hostname
from compute.instances.states import VmState
from compute.volumes.models import Volume
from tests import factories
from tests.compute.api.compute_calls import Compute
from tests.compute.api.test_newer_versions import shelved

pytestmark = pytest.mark.django_db


# ── 2.89: attachments have ids of their own ──────────────────────────────────────────────────────
def test_attachments_have_their_own_ids(member: Compute, server: Instance) -> None:
    row = factories.AttachmentFactory(instance=server)
    path = f"servers/{server.pk}/os-volume_attachments"
    for address in (path, f"{path}/{row.volume_id}"):
        old, new = (member.at(version).get(address) for version in ("2.88", "2.89"))
        (old,) = old.get("volumeAttachments") or [old["volumeAttachment"]]
        (new,) = new.get("volumeAttachments") or [new["volumeAttachment"]]
        assert old["id"] == str(row.volume_id)
        assert "attachment_id" not in old
        assert (new["attachment_id"], new["volumeId"]) == (str(row.pk), str(row.volume_id))
        assert "id" not in new


# ── 2.90: host names ─────────────────────────────────────────────────────────────────────────────
SHOWN_HOSTNAME = "OS-EXT-SRV-ATTR:hostname"


def test_a_host_name_is_chosen_and_changed(member: Compute, wish: dict[str, Any]) -> None:
    new = member.at("2.90")
    body = {"server": {**wish, "networks": "auto", "name": "Web 1", "hostname": "Front-1"}}
    made = new.post("servers", body, 202)["server"]["id"]
    row = Instance.objects.get(pk=made)
    assert new.get(f"servers/{made}")["server"][SHOWN_HOSTNAME] == hostname(row) == "front-1"
    assert SHOWN_HOSTNAME not in member.at("2.89").get(f"servers/{made}")["server"]
    Instance.objects.update(vm_state=VmState.ACTIVE, task_state=None)
    changed = new.put(f"servers/{made}", {"server": {"hostname": "front-2", "name": "other"}})["server"]
    assert (changed[SHOWN_HOSTNAME], changed["name"]) == ("front-2", "other")
    fault = member.at("2.89").put(f"servers/{made}", {"server": {"hostname": "front-3"}}, 400)
    assert "hostname" in fault["badRequest"]["message"]


def test_a_host_name_follows_from_the_name_unless_it_was_chosen(member: Compute, server: Instance) -> None:
    Instance.objects.update(name="Web 1")
    assert member.at("2.90").get(f"servers/{server.pk}")["server"][SHOWN_HOSTNAME] == "web-1"


@pytest.mark.parametrize("name", ["", "-a", "a-", "a.b", "a_b", "é", "x" * 64, 7, None])
def test_wrong_host_names(member: Compute, server: Instance, wish: dict[str, Any], name: object) -> None:
    new = member.at("2.90")
    body = {"server": {**wish, "networks": "auto", "hostname": name}}
    for fault in (
        new.post("servers", body, 400),
        new.put(f"servers/{server.pk}", {"server": {"hostname": name}}, 400),
    ):
        assert "hostname: " in fault["badRequest"]["message"]


def test_several_servers_have_no_common_host_name(member: Compute, wish: dict[str, Any]) -> None:
    body = {"server": {**wish, "networks": "auto", "hostname": "one", "max_count": 2}}
    fault = member.at("2.90").post("servers", body, 400)
    assert "hostname: " in fault["badRequest"]["message"]
    assert not Instance.objects.filter(name__startswith="web-").exists()


def test_a_rebuilt_server_gets_another(member: Compute, server: Instance, image: Image) -> None:
    wish = {"imageRef": str(image.pk), "hostname": "fresh"}
    answer = member.at("2.90").act(server.pk, "rebuild", wish)
    assert answer["server"][SHOWN_HOSTNAME] == "fresh"
    member.at("2.89").act(server.pk, "rebuild", wish, 400)


# ── 2.91: unshelved on a host, or bound to no zone any more ──────────────────────────────────────
@pytest.mark.parametrize(
    ("version", "value", "status"),
    [
        ("2.91", {"host": "host-a"}, 202),
        ("2.91", {"host": "host-a", "availability_zone": "east"}, 202),
        ("2.91", {"host": "host-b"}, 409),
        ("2.91", {"host": "host-z"}, 400),
        ("2.91", {"host": ""}, 400),
        ("2.91", {}, 400),
        ("2.90", {"host": "host-a"}, 400),
        ("2.90", {"availability_zone": None}, 400),
    ],
)
def test_unshelved_on_a_host(
    admin: Compute, member: Compute, server: Instance, version: str, value: Any, status: int
) -> None:
    factories.HypervisorFactory(name="host-b")
    shelved(server)
    admin.at(version).act(server.pk, "unshelve", value, status)
    if "host" in value and version == "2.91" and status != 400:
        Instance.objects.update(task_state=None)
        Operation.objects.all().delete()
        member.at(version).act(server.pk, "unshelve", value, 403)


def test_unshelved_and_no_longer_bound_to_its_zone(member: Compute, server: Instance) -> None:
    shelved(server)
    Instance.objects.update(requested_zone="east")
    member.at("2.91").act(server.pk, "unshelve", {"availability_zone": None})
    assert Instance.objects.get().requested_zone == ""


# ── 2.92: keys are made by their owners ──────────────────────────────────────────────────────────
def test_no_key_is_made_here_any_more(member: Compute) -> None:
    body = {"keypair": {"name": "me@home.example"}}
    fault = member.at("2.92").post("os-keypairs", body, 400)
    assert "public_key: " in fault["badRequest"]["message"]
    assert "private_key" in member.at("2.91").post("os-keypairs", body, 201)["keypair"]


# ── 2.93: rebuilt on a volume ────────────────────────────────────────────────────────────────────
def on_a_volume(server: Instance) -> Volume:
    """Let the server boot from a volume."""
    Instance.objects.update(boots_from_volume=True, image=None)
    return factories.AttachmentFactory(instance=server, boots=True).volume


def test_a_server_on_a_volume_is_rebuilt(member: Compute, server: Instance, image: Image) -> None:
    volume = on_a_volume(server)
    wish = {"imageRef": str(image.pk), "name": "anew"}
    shown = member.at("2.93").act(server.pk, "rebuild", wish)["server"]
    assert (shown["status"], shown["name"], shown["image"]) == ("REBUILD", "anew", "")
    operation = Operation.objects.get()
    assert operation.kind == "instance.rebuild_volume"
    assert set(operation.holds.values_list("resource_id", "shared")) == {
        (server.pk, False),
        (volume.pk, False),
        (image.pk, True),
    }
    fault = member.at("2.92").act(server.pk, "rebuild", wish, 400)
    assert "imageRef: " in fault["badRequest"]["message"]


def test_an_image_larger_than_the_volume(member: Compute, server: Instance, image: Image) -> None:
    on_a_volume(server)
    Image.objects.filter(pk=image.pk).update(min_disk_gib=2)
    fault = member.at("2.93").act(server.pk, "rebuild", {"imageRef": str(image.pk)}, 400)
    assert "needs 2 GiB of disk" in fault["badRequest"]["message"]


def test_a_volume_that_is_changing(member: Compute, server: Instance, image: Image) -> None:
    Volume.objects.filter(pk=on_a_volume(server).pk).update(task_state="extending")
    member.at("2.93").act(server.pk, "rebuild", {"imageRef": str(image.pk)}, 409)


# ── 2.94: host names with domains ────────────────────────────────────────────────────────────────
def test_a_host_name_has_a_domain(member: Compute, server: Instance) -> None:
    body = {"server": {"hostname": "Web.Example.org"}}
    shown = member.at("2.94").put(f"servers/{server.pk}", body)["server"]
    assert shown[SHOWN_HOSTNAME] == "web.example.org"
    member.at("2.93").put(f"servers/{server.pk}", body, 400)
    for wrong in ("a..b", ".a", "a.", "-a.b", f"{'x' * 64}.b", "a." * 127 + "aa"):
        member.at("2.94").put(f"servers/{server.pk}", {"server": {"hostname": wrong}}, 400)


# ── 2.96: the zone that was asked for ────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("requested", "shown"), [("", None), ("east", "east")])
def test_the_zone_that_was_asked_for(
    member: Compute, server: Instance, requested: str, shown: str | None
) -> None:
    Instance.objects.update(requested_zone=requested)
    new = member.at("2.96")
    for row in (
        new.get(f"servers/{server.pk}")["server"],
        new.get("servers/detail")["servers"][0],
        new.put(f"servers/{server.pk}", {"server": {}})["server"],
    ):
        assert row["pinned_availability_zone"] == shown
    assert "pinned_availability_zone" not in member.at("2.95").get(f"servers/{server.pk}")["server"]


# ── All of them ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.usefixtures("network", "server")
@pytest.mark.parametrize("minor", range(73, 97))
def test_lists_in_each_version(admin: Compute, minor: int) -> None:
    for path in (
        "servers/detail",
        "flavors/detail",
        "os-keypairs",
        "os-services",
        "os-migrations",
        "os-aggregates",
    ):
        admin.at(f"2.{minor}").get(path)
