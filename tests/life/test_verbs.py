"""Every verb on a real guest: the states it goes through, and what is true of the guest afterwards."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest

from tests.proof import examples
from tests.stack import URI, Browserless, Stack, wait_for

GIB = 2**30
LARGER = """
from compute.models import Flavor
Flavor.objects.create(id="larger", name="larger", vcpus=2, ram_mib=192, disk_gib=3)
"""


class Subject:
    """An instance and its guest."""

    def __init__(self, stack: Stack, admin: Browserless, name: str) -> None:
        self.stack, self.admin, self.name = stack, admin, name

    def act(self, verb: str, vm_state: str, **fields: str) -> None:
        """Do it and wait for where it ends."""
        answer = self.admin.act(self.stack, self.name, verb, **fields)
        assert answer.status == 200, answer.text
        self.stack.wait_for_state(self.name, vm_state, 90)

    @property
    def uuid(self) -> str:
        return str(self.stack.instance(self.name)["uuid"])

    def domain(self) -> libvirt.virDomain:
        return libvirt.open(URI).lookupByUUIDString(self.uuid)

    def power(self) -> int:
        return int(self.domain().state()[0])

    def disks(self) -> list[str]:
        """The roles of the guest's disks, the one it boots from first."""
        lines = subprocess.run(
            ["virsh", "-q", "-c", URI, "domblklist", self.uuid], capture_output=True, text=True, check=True
        ).stdout.split()
        roles = self.stack.disks(self.uuid)
        return [roles[Path(path).name] for path in lines[1::2]]

    def devices(self) -> dict[str, str]:
        """Role → device of the machine's disks, by their rows."""
        rows = self.stack.rows(
            "select role, device from compute_disk where instance_id = ? and device <> ''",
            self.uuid.replace("-", ""),
        )
        return {row["role"]: row["device"] for row in rows}

    def disk_file(self) -> Path:
        roles = self.stack.disks(self.uuid)
        return self.stack.pool / next(name for name, role in roles.items() if role == "root")

    def disk_bytes(self) -> int:
        shown = subprocess.run(
            ["qemu-img", "info", "-U", "--output=json", self.disk_file()],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return next(
            int(line.split(":")[1].strip(" ,")) for line in shown.splitlines() if '"virtual-size"' in line
        )


@pytest.fixture(scope="module")
def subject(stack: Stack, admin: Browserless) -> Iterator[Subject]:
    stack.manage("shell", "-c", LARGER)
    assert admin.launch(stack, "subject").status == 200
    stack.wait_for_state("subject", "active", 120)
    subject = Subject(stack, admin, "subject")
    yield subject
    subject.act("purge", "deleted")


def test_pause_and_unpause(subject: Subject) -> None:
    pid = subject.domain().ID()
    subject.act("pause", "paused")
    assert subject.power() == libvirt.VIR_DOMAIN_PAUSED
    subject.act("unpause", "active")
    assert subject.power() == libvirt.VIR_DOMAIN_RUNNING
    assert subject.domain().ID() == pid


def test_suspend_and_resume(subject: Subject) -> None:
    subject.act("suspend", "suspended")
    assert subject.power() == libvirt.VIR_DOMAIN_SHUTOFF
    assert subject.domain().hasManagedSaveImage()
    subject.act("resume", "active")
    assert subject.power() == libvirt.VIR_DOMAIN_RUNNING
    assert not subject.domain().hasManagedSaveImage()


def test_what_was_saved_goes_with_a_force_stop(subject: Subject) -> None:
    subject.act("suspend", "suspended")
    subject.act("force_stop", "stopped")
    assert not subject.domain().hasManagedSaveImage()
    subject.act("start", "active")


def test_rescue_and_back(subject: Subject) -> None:
    subject.act("rescue", "rescued")
    assert subject.power() == libvirt.VIR_DOMAIN_RUNNING
    assert subject.disks() == ["rescue", "root", "config"]
    subject.act("unrescue", "active")
    assert subject.disks() == ["root", "config"]
    assert not subject.stack.stray_volumes()


def test_what_is_deleted_while_it_is_rescued_comes_back_as_it_was(subject: Subject) -> None:
    before = subject.devices()
    subject.act("rescue", "rescued")
    assert subject.devices() != before
    subject.act("delete", "soft-delete")
    subject.act("restore", "active")
    assert (subject.devices(), subject.disks()) == (before, ["root", "config"])


def test_resize_confirmed(subject: Subject) -> None:
    subject.act("resize", "resized", flavor_id="larger")
    assert subject.power() == libvirt.VIR_DOMAIN_RUNNING
    assert subject.domain().info()[3] == 2
    assert subject.domain().maxMemory() == 192 * 1024
    assert subject.disk_bytes() == 3 * GIB
    subject.act("confirm_resize", "active")
    assert subject.domain().snapshotNum() == 0
    assert subject.stack.instance("subject")["disk_gib"] == 3


def test_resize_of_one_that_is_off_reverted(stack: Stack, admin: Browserless) -> None:
    admin.launch(stack, "reverted")
    stack.wait_for_state("reverted", "active", 120)
    subject = Subject(stack, admin, "reverted")
    subject.act("force_stop", "stopped")
    before = subject.disk_bytes()
    subject.act("resize", "resized", flavor_id="larger")
    assert subject.power() == libvirt.VIR_DOMAIN_SHUTOFF
    subject.act("revert_resize", "stopped")
    row = stack.instance("reverted")
    assert (row["vcpus"], row["flavor_id"], row["resized_from"]) == (1, "1", None)
    assert subject.disk_bytes() == before
    assert subject.domain().info()[3] == 1
    subject.act("resize", "resized", flavor_id="larger")
    subject.act("delete", "soft-delete")
    assert subject.domain().snapshotNum() == 0
    subject.act("restore", "stopped")
    subject.act("purge", "deleted")


def test_rebuild_keeps_the_address_and_takes_a_fresh_disk(subject: Subject) -> None:
    before = subject.stack.instance("subject")["address"]
    old = subject.disk_file().stat().st_ino
    subject.act("rebuild", "active")
    assert subject.disk_file().stat().st_ino != old
    assert subject.stack.instance("subject")["address"] == before
    assert subject.power() == libvirt.VIR_DOMAIN_RUNNING


def test_shelve_and_unshelve(subject: Subject) -> None:
    subject.act("shelve", "shelved_offloaded")
    with pytest.raises(libvirt.libvirtError, match="Domain not found"):
        subject.domain()
    assert subject.disk_file().exists()
    assert subject.stack.audit() == ""
    assert [image["status"] for image in shelved_images(subject.stack)] == ["active"]
    subject.act("unshelve", "active")
    assert subject.power() == libvirt.VIR_DOMAIN_RUNNING
    wait_for(lambda: not shelved_images(subject.stack), "the image to be gone", 30)


def shelved_images(stack: Stack) -> list[dict[str, Any]]:
    return stack.rows("select * from compute_image where name = ? and status != 'deleted'", "subject-shelved")


def test_a_lock(subject: Subject, stack: Stack) -> None:
    """It keeps members from everything but unlocking; an administrator is not kept (here: the only person)."""
    subject.act("lock", "active")
    assert stack.instance("subject")["locked"]
    subject.act("pause", "paused")
    subject.act("unpause", "active")
    subject.act("unlock", "active")
    assert not stack.instance("subject")["locked"]


@pytest.mark.parametrize(
    ("before", "state"),
    examples(
        [("rescue", "rescued"), ("suspend", "suspended"), ("shelve", "shelved_offloaded")],
        ("shelve", "shelved_offloaded"),
        unpack=True,
    ),
)
def test_deleting_from_there_and_restoring(stack: Stack, admin: Browserless, before: str, state: str) -> None:
    admin.launch(stack, f"from-{before}")
    stack.wait_for_state(f"from-{before}", "active", 120)
    subject = Subject(stack, admin, f"from-{before}")
    subject.act(before, state)
    subject.act("delete", "soft-delete")
    assert stack.audit() == ""
    subject.act("restore", "stopped" if before == "shelve" else "active")
    assert subject.disks() == ["root", "config"]
    subject.act("purge", "deleted")
