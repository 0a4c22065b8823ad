"""Machines that images ask for, on real guests: they start, keep what they remember, and leave nothing behind."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import etree

from tests.life.test_interrupted import reached
from tests.life.test_verbs import Subject
from tests.stack import Browserless, Stack, wait_for

TPM_STATES = Path("/var/lib/libvirt/swtpm")
BOOT_SECONDS = 120
SHAPE = """
import json
from compute.models import Image
Image.objects.filter(name="Tiny Linux").update(properties=json.loads('{}'))
"""
LARGER = """
from compute.models import Flavor
Flavor.objects.get_or_create(id="two", name="two", vcpus=2, ram_mib=192, disk_gib=2)
"""
Shape = Callable[..., None]


@pytest.fixture
def shape(stack: Stack) -> Iterator[Shape]:
    """Gives the tiny image properties for one test."""

    def write(**properties: str) -> None:
        stack.manage("shell", "-c", SHAPE.format(json.dumps(properties)))

    yield write
    write()


def launched(stack: Stack, admin: Browserless, name: str) -> Subject:
    answer = admin.launch(stack, name, image_id=stack.linux)
    assert answer.status == 200, answer.text
    stack.wait_for_state(name, "active", BOOT_SECONDS)
    return Subject(stack, admin, name)


def test_a_machine_without_virtio(stack: Stack, admin: Browserless, shape: Shape) -> None:
    """Its firmware and boot loader read the disk, and the kernel starts."""
    shape(hw_disk_bus="sata", hw_vif_model="e1000e", hw_watchdog_action="reset", hw_qemu_guest_agent="yes")
    subject = launched(stack, admin, "sturdy")
    devices = etree.fromstring(subject.domain().XMLDesc()).find("devices")
    assert devices is not None
    assert devices.xpath("disk[@device='disk']/target/@bus") == ["sata"]
    assert devices.xpath("interface/model/@type") == ["e1000e"]
    assert devices.xpath("watchdog/@action") == ["reset"]
    assert devices.xpath("channel/target/@name") == ["org.qemu.guest_agent.0"]
    log = stack.root / "storage/consoles" / f"{subject.uuid}.log"
    wait_for(lambda: "Linux version" in log.read_text(errors="replace"), "the kernel to start", BOOT_SECONDS)
    subject.act("purge", "deleted")


@pytest.fixture
def two_processors(stack: Stack) -> str:
    """The id of a flavor to resize to."""
    stack.manage("shell", "-c", LARGER)
    return "two"


@pytest.mark.proof
def test_uefi_and_a_tpm(stack: Stack, admin: Browserless, shape: Shape, two_processors: str) -> None:
    """What they remember survives reboots, rebuilds and shelving, and goes with the instance.

    Firmware hears no power button, so the image gives its guests a second.
    """
    shape(hw_firmware_type="uefi", hw_tpm_version="2.0", hw_tpm_model="tpm-crb", os_shutdown_timeout="1")
    subject = launched(stack, admin, "trusted")
    variables, state = stack.root / "storage/firmware" / f"{subject.uuid}.fd", TPM_STATES / subject.uuid
    inode, empty = variables.stat().st_ino, variables.read_bytes()
    wait_for(lambda: variables.read_bytes() != empty, "the firmware to remember something", BOOT_SECONDS)
    for verb in ("force_reboot", "rebuild"):
        subject.act(verb, "active")
    subject.act("resize", "resized", flavor_id=two_processors)
    subject.act("revert_resize", "active")
    subject.act("resize", "resized", flavor_id=two_processors)
    subject.act("confirm_resize", "active")
    assert subject.domain().snapshotNum() == 0
    subject.act("shelve", "shelved_offloaded")
    assert stack.audit() == ""
    subject.act("unshelve", "active")
    assert variables.stat().st_ino == inode
    assert state.is_dir()
    copied = cloned(subject)
    subject.act("shelve", "shelved_offloaded")
    subject.act("purge", "deleted")
    assert not any(file.exists() for file in copied)
    assert not variables.exists()
    assert not state.exists()


def cloned(source: Subject) -> tuple[Path, Path]:
    """Clone it, see that the clone remembers the same and starts with that, and purge the clone; its files."""
    stack, admin = source.stack, source.admin
    hold = stack.failpoints / "hold-instance.clone.memories"
    hold.touch()
    try:
        assert admin.post(f"/instances/{source.uuid}/actions/clone/", name="trusted-too").status == 200
        wait_for(lambda: reached(stack, source.name, "instance.clone.memories"), "the copying", 60)
        copy = Subject(stack, admin, "trusted-too")
        files = [
            (stack.root / f"storage/firmware/{each.uuid}.fd", TPM_STATES / each.uuid)
            for each in (source, copy)
        ]
        (variables, tpm), (its_variables, its_tpm) = files
        wait_for(lambda: its_tpm.is_dir(), "the copy of the TPM")
        assert its_variables.read_bytes() == variables.read_bytes()
        (state,), (its_state,) = list(tpm.rglob("*.permall")), list(its_tpm.rglob("*.permall"))
        kept = its_state.read_bytes()
        assert alike(kept, state.read_bytes()) > 0.99, (
            "but for what the source, which runs on, counted meanwhile"
        )
        assert (its_state.stat().st_uid, its_tpm.stat().st_mode) == (state.stat().st_uid, tpm.stat().st_mode)
    finally:
        hold.unlink()
    stack.wait_for_state("trusted-too", "active", BOOT_SECONDS)
    assert alike(its_state.read_bytes(), kept) > alike(its_state.read_bytes(), bytes(len(kept)))
    assert alike(its_state.read_bytes(), kept) > 0.9, "it was not made anew"
    assert stack.audit() == ""
    copy.act("purge", "deleted")
    return its_variables, its_tpm


def alike(one: bytes, other: bytes) -> float:
    """How much of two states is the same."""
    return sum(a == b for a, b in zip(one, other, strict=False)) / len(one)
