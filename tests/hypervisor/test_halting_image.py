"""The guest that only has to be RUNNING stops its processor at once, on either board and any bus."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from compute.driver.guest.domain import Guest
from compute.driver.specs.hardware import DiskBus, HardwareSpec
from tests import halting_image
from tests.hypervisor.conftest import Workshop
from tests.waiting import wait_until


@pytest.mark.parametrize(("machine", "bus"), [("q35", "virtio"), ("q35", "scsi"), ("pc", "virtio")])
def test_it_halts(workshop: Workshop, machine: str, bus: DiskBus) -> None:
    spec = workshop.spec()
    [disk] = spec.disks
    disk = replace(disk, bus=bus, target="vda" if bus == "virtio" else "sda")
    hardware = HardwareSpec(machine="pc" if machine == "pc" else "q35", disk_bus=bus)
    Guest.define(workshop.uri, replace(spec, disks=(disk,), hardware=hardware)).start()
    wait_until(lambda: is_halted(spec.name), "the processor to halt", 60)


def test_raw_and_qcow2_hold_the_same(tmp_path: Path) -> None:
    raw, qcow2 = halting_image.write_raw(tmp_path / "raw"), halting_image.write_qcow2(tmp_path / "qcow2")
    assert raw.read_bytes()[:512] == halting_image.sector()
    subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw, qcow2], check=True)
    assert raw.stat().st_blocks * 512 < 65536
    assert [file.name for file in tmp_path.iterdir() if file not in (raw, qcow2)] == []


def is_halted(name: str) -> bool:
    """Whether the processor stands still in our sector, with interrupts off."""
    asked = ["virsh", "qemu-monitor-command", name, "--hmp", "info registers"]
    registers = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    position, flags = (int(registers.partition(word)[2][:8], 16) for word in ("EIP=", "EFL="))
    return "HLT=1" in registers and 0x7C00 <= position < 0x7E00 and not flags & 0x200
