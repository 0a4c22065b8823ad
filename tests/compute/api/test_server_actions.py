"""Servers by the Compute API: their actions."""

from typing import Any

import pytest

from accounts.models import AuditEvent
from compute.engine.models import Operation
from compute.engine.services import secrets
from compute.instances.api.server_actions import _HANDLERS
from compute.instances.models import ConsoleToken, Instance
from compute.instances.states import VmState
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db
Wish = dict[str, Any]


GOOD: dict[str, tuple[VmState, Any, int]] = {
    "os-start": (VmState.STOPPED, None, 202),
    "os-stop": (VmState.ACTIVE, None, 202),
    "reboot": (VmState.ACTIVE, {"type": "SOFT"}, 202),
    "pause": (VmState.ACTIVE, None, 202),
    "unpause": (VmState.PAUSED, None, 202),
    "suspend": (VmState.ACTIVE, None, 202),
    "resume": (VmState.SUSPENDED, None, 202),
    "lock": (VmState.ACTIVE, None, 202),
    "unlock": (VmState.ACTIVE, None, 202),
    "shelve": (VmState.ACTIVE, None, 202),
    "unshelve": (VmState.SHELVED, None, 202),
    "shelveOffload": (VmState.SHELVED, None, 409),
    "rescue": (VmState.ACTIVE, None, 200),
    "unrescue": (VmState.RESCUED, None, 202),
    "resize": (VmState.ACTIVE, {"flavorRef": "2"}, 202),
    "confirmResize": (VmState.RESIZED, None, 204),
    "revertResize": (VmState.RESIZED, None, 202),
    "createImage": (VmState.ACTIVE, {"name": "image"}, 202),
    "createBackup": (VmState.ACTIVE, {"name": "image", "backup_type": "daily", "rotation": 1}, 202),
    "changePassword": (VmState.ACTIVE, {"adminPass": "a new one"}, 202),
    "os-getConsoleOutput": (VmState.ACTIVE, {"length": 5}, 200),
    "os-getVNCConsole": (VmState.ACTIVE, {"type": "novnc"}, 200),
    "os-resetState": (VmState.ACTIVE, {"state": "error"}, 403),
    **dict.fromkeys(
        (
            "trigger_crash_dump",
            "migrate",
            "os-migrateLive",
            "evacuate",
            "addSecurityGroup",
            "removeSecurityGroup",
        ),
        (VmState.ACTIVE, None, 501),
    ),
}


@pytest.mark.parametrize("name", sorted(_HANDLERS))
def test_actions(member: Compute, server: Instance, name: str, request: pytest.FixtureRequest) -> None:
    """Each in a state that allows it; and in one that does not, with what Nova says then."""
    factories.FlavorFactory(id="2", ram_mib=256)
    Instance.objects.filter(pk=server.pk).update(restore_to=VmState.ACTIVE, agent={})
    if name == "rebuild":
        wish = {"imageRef": str(server.image_id), "name": "new", "metadata": {"a": "b"}}
        shown = member.at("2.54").act(server.pk, name, wish)["server"]
        assert (shown["name"], shown["metadata"], shown["key_name"]) == ("new", {"a": "b"}, None)
        return
    if name == "os-getConsoleOutput":  # its host is asked
        Instance.objects.filter(pk=server.pk).update(hypervisor=request.getfixturevalue("own_host"))
    state, wish, status = GOOD[name]
    Instance.objects.filter(pk=server.pk).update(vm_state=state)
    member.act(server.pk, name, wish, status)
    if status in {202, 204} and name not in {"lock", "unlock"}:
        said = member.act(server.pk, name, wish, 409)
        assert said["conflictingRequest"]["code"] == 409


def test_a_password_needs_an_agent(member: Compute, server: Instance) -> None:
    said = member.act(server.pk, "changePassword", {"adminPass": "a new one"}, 409)
    assert said["conflictingRequest"]["message"] == "QEMU guest agent is not enabled."
    for wrong in ({}, {"adminPass": None}, {"adminPass": 7}, None):
        member.act(server.pk, "changePassword", wrong, 400)
    Instance.objects.filter(pk=server.pk).update(agent={})
    member.act(server.pk, "changePassword", {"adminPass": "a new one"}, 202)
    operation = Operation.objects.get()
    assert operation.parameters == {"user": "root"}
    assert secrets.unseal(operation.secrets) == {"admin_password": "a new one"}
    assert "a new one" not in str(list(Operation.objects.values()))
    assert "a new one" not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("state", [VmState.ACTIVE, VmState.STOPPED, VmState.SHELVED, VmState.BUILDING])
@pytest.mark.parametrize("name", sorted(name for name in GOOD if GOOD[name][2] != 501))
def test_a_reader_acts_on_nothing(reader: Compute, server: Instance, name: str, state: VmState) -> None:
    """The role is asked for before the state, of which a refusal would tell."""
    factories.FlavorFactory(id="2", ram_mib=256)
    Instance.objects.filter(pk=server.pk).update(vm_state=state)
    reader.act(server.pk, name, GOOD[name][1], 403)
    assert not Operation.objects.exists()


def test_a_reader_changes_no_label_and_deletes_nothing(reader: Compute, server: Instance) -> None:
    Instance.objects.filter(pk=server.pk).update(tags=["old"], metadata={"old": "1"})
    newer = reader.at("2.26")
    for name in ("old", "new"):
        newer.put(f"servers/{server.pk}/tags/{name}", None, 403)
        newer.delete(f"servers/{server.pk}/tags/{name}", 403)
        reader.delete(f"servers/{server.pk}/metadata/{name}", 403)
        reader.put(f"servers/{server.pk}/metadata/{name}", {"meta": {name: "2"}}, 403)
    reader.delete(f"servers/{server.pk}", 403)


def test_a_locked_server(member: Compute, admin: Compute, server: Instance) -> None:
    member.at("2.73").act(server.pk, "lock", {"locked_reason": "do not touch"})
    shown = member.at("2.73").get(f"servers/{server.pk}")["server"]
    assert (shown["locked"], shown["locked_reason"]) == (True, "do not touch")
    for name in ("os-stop", "pause", "shelve"):
        assert "locked" in member.act(server.pk, name, None, 409)["conflictingRequest"]["message"]
    member.delete(f"servers/{server.pk}", 409)
    member.at("2.73").act(server.pk, "lock", {"locked_reason": "again"})
    member.delete(f"servers/{server.pk}", 409)
    assert Instance.objects.get().locked_reason == "do not touch"
    admin.at("2.73").act(server.pk, "lock", {"locked_reason": "by an administrator"})
    assert Instance.objects.get().locked_reason == "by an administrator"
    member.act(server.pk, "unlock")
    member.act(server.pk, "os-stop")


@pytest.mark.parametrize(
    "body", [{}, {"a": None, "b": None}, {"nonsense": None}, {"reboot": {"type": "X"}}, {"reboot": "SOFT"}]
)
def test_wrong_actions(member: Compute, server: Instance, body: Any) -> None:
    member.post(f"servers/{server.pk}/action", body, 400)


def test_reset_state(admin: Compute, server: Instance) -> None:
    admin.act(server.pk, "os-resetState", {"state": "error"})
    assert admin.get(f"servers/{server.pk}")["server"]["status"] == "ERROR"
    admin.act(server.pk, "os-resetState", {"state": "active"})
    admin.act(server.pk, "os-resetState", {"state": "paused"}, 400)
    assert Instance.objects.get(pk=server.pk).vm_state == VmState.ACTIVE


def test_resizing_to_nothing(member: Compute, server: Instance) -> None:
    for ref in ("nonsense", server.flavor_id, None):
        said = member.act(server.pk, "resize", {"flavorRef": ref}, 400)
        assert "flavorRef" in said["badRequest"]["message"]


def test_consoles(member: Compute, server: Instance) -> None:
    wish = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    given = member.at("2.6").post(f"servers/{server.pk}/remote-consoles", wish)["remote_console"]
    path = f"console%2F{server.hypervisor_id}%2F%3Ftoken%3D"
    assert f"/remote-console/?path={path}" in given["url"]
    assert ConsoleToken.objects.count() == 1
    member.post(f"servers/{server.pk}/remote-consoles", wish, 404)
    member.at("2.6").act(server.pk, "os-getVNCConsole", {"type": "novnc"}, 404)
    spice = {"remote_console": {"protocol": "spice", "type": "spice-html5"}}
    member.at("2.6").post(f"servers/{server.pk}/remote-consoles", spice, 400)
    Instance.objects.update(vm_state=VmState.STOPPED)
    member.at("2.6").post(f"servers/{server.pk}/remote-consoles", wish, 409)
