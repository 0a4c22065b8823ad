"""Machines that differ from the usual one: libvirt takes each, QEMU starts them, and what they remember goes with them."""

from dataclasses import replace
from pathlib import Path

import pytest

from compute.driver.errors import GuestNotFound
from compute.driver.guest.domain import Guest
from compute.driver.host.capabilities import features
from compute.driver.specs import GuestSpec, PowerState
from compute.driver.specs.hardware import CpuLimits, DiskLimits, HardwareSpec, Topology, Tpm
from tests.compute.driver.hardware_samples import MACHINES
from tests.hypervisor.conftest import Workshop

TPM_STATES = Path("/var/lib/libvirt/swtpm")
EVERYTHING = HardwareSpec(
    disk_bus="sata",
    cdrom_bus="sata",
    vif_model="e1000e",
    video_model="virtio",
    input_bus="virtio",
    watchdog="reset",
    random_bytes=1024,
    random_period=1000,
    boot_menu=True,
    topology=Topology(sockets=1, cores=2, threads=1),
    cpu_limits=CpuLimits(shares=512, period=20_000, quota=10_000),
    disk_limits=DiskLimits(total_bytes_sec=10_240_000, read_iops_sec=400),
)
STARTED = {
    "everything": EVERYTHING,
    "older": HardwareSpec(
        machine="pc", disk_bus="scsi", vif_model="rtl8139", video_model="cirrus", tablet=False
    ),
    "older uefi": HardwareSpec(machine="pc", firmware="uefi", vif_model="e1000", video_model="bochs"),
    "bare": HardwareSpec(video_model="none", guest_agent=False, random=False, vif_model="vmxnet3"),
    "trusted": HardwareSpec(firmware="uefi", secure_boot=True, tpm=Tpm(version="2.0", model="tpm-crb")),
}


def spec_of(workshop: Workshop, hardware: HardwareSpec) -> GuestSpec:
    """A guest of an empty disk, a CD-ROM and a card that leads nowhere."""
    spec = workshop.spec(seed=b"\0" * 2048)
    root, seed = spec.disks
    name = "vda" if hardware.disk_bus == "virtio" else "sda"
    return replace(
        spec,
        vcpus=2 if hardware.topology == EVERYTHING.topology else 4 if hardware.topology else 1,
        disks=(
            replace(root, bus=hardware.disk_bus, target=name),
            replace(seed, bus=hardware.cdrom_bus, target="sdb"),
        ),
        hardware=hardware,
        nvram=workshop.root / "firmware" / f"{spec.uuid}.fd" if hardware.firmware == "uefi" else None,
    )


@pytest.fixture
def firmware(workshop: Workshop) -> Path:
    folder = workshop.root / "firmware"
    folder.mkdir(exist_ok=True)
    return folder


def test_this_host_can_give_all_of_it(uri: str) -> None:
    assert features(uri) == {"uefi", "secure_boot", "tpm"}, "apt-get install ovmf swtpm swtpm-tools"


@pytest.mark.parametrize("name", MACHINES)
def test_libvirt_takes_each(workshop: Workshop, name: str) -> None:
    guest = Guest.define(workshop.uri, spec_of(workshop, MACHINES[name]))
    assert guest.facts().power is PowerState.SHUT_OFF


@pytest.mark.parametrize("name", STARTED)
def test_qemu_runs_it(workshop: Workshop, firmware: Path, name: str) -> None:
    guest = Guest.define(workshop.uri, spec_of(workshop, STARTED[name]))
    guest.start()
    assert guest.facts().power is PowerState.RUNNING


def test_what_a_machine_remembers_is_kept_and_goes_for_good(workshop: Workshop, firmware: Path) -> None:
    spec = spec_of(workshop, STARTED["trusted"])
    assert spec.nvram is not None
    guest = Guest.define(workshop.uri, spec)
    guest.start()
    state = TPM_STATES / spec.uuid
    inode = spec.nvram.stat().st_ino
    assert state.is_dir()
    guest.destroy()
    guest.undefine(keep_state=True)
    with pytest.raises(GuestNotFound):
        guest.facts()
    assert state.is_dir()
    Guest.define(workshop.uri, spec).start()
    assert spec.nvram.stat().st_ino == inode
    guest.destroy()
    guest.undefine()
    assert not spec.nvram.exists()
    assert not state.exists()
