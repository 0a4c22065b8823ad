"""A guest for every way in which a machine can differ from the usual one."""

from dataclasses import replace
from pathlib import Path

from compute.driver.specs import DiskSpec, GuestSpec
from compute.driver.specs.hardware import (
    Bandwidth,
    CpuLimits,
    DiskBus,
    DiskLimits,
    HardwareSpec,
    Topology,
    Tpm,
)
from compute.driver.specs.sources import FileSource
from tests.compute.driver.driver_samples import BARE, FULL, POOL

NVRAM = Path("/srv/firmware/8a6e0804.fd")

MACHINES: dict[str, HardwareSpec] = {
    "machine_pc": HardwareSpec(machine="pc"),
    "uefi": HardwareSpec(firmware="uefi"),
    "secure_boot": HardwareSpec(firmware="uefi", secure_boot=True),
    "tpm_crb": HardwareSpec(tpm=Tpm(version="2.0", model="tpm-crb")),
    "tpm_tis": HardwareSpec(tpm=Tpm(version="1.2", model="tpm-tis")),
    "topology": HardwareSpec(topology=Topology(sockets=1, cores=2, threads=2)),
    "disk_scsi": HardwareSpec(disk_bus="scsi"),
    "disk_sata": HardwareSpec(disk_bus="sata", cdrom_bus="sata"),
    "vif_e1000e": HardwareSpec(vif_model="e1000e"),
    "vif_rtl8139": HardwareSpec(vif_model="rtl8139"),
    "video_virtio": HardwareSpec(video_model="virtio"),
    "video_none": HardwareSpec(video_model="none"),
    "pointer_ps2": HardwareSpec(tablet=False),
    "input_virtio": HardwareSpec(input_bus="virtio"),
    "watchdog": HardwareSpec(watchdog="reset"),
    "random_none": HardwareSpec(random=False),
    "random_rate": HardwareSpec(random_bytes=1024, random_period=1000),
    "guest_agent_none": HardwareSpec(guest_agent=False),
    "boot_menu": HardwareSpec(boot_menu=True),
    "cpu_limits": HardwareSpec(cpu_limits=CpuLimits(shares=2048, period=20_000, quota=10_000)),
    "disk_limits": HardwareSpec(
        disk_limits=DiskLimits(
            read_bytes_sec=10_240_000, write_bytes_sec=5_120_000, read_iops_sec=400, write_iops_sec=200
        )
    ),
    "disk_limits_total": HardwareSpec(disk_limits=DiskLimits(total_bytes_sec=10_240_000, total_iops_sec=500)),
    "bandwidth": HardwareSpec(
        inbound=Bandwidth(average=1024, peak=2048, burst=512), outbound=Bandwidth(average=512)
    ),
}


def guest_of(hardware: HardwareSpec) -> GuestSpec:
    """A guest of one disk, one CD-ROM and one card, on such a machine."""
    disk: dict[DiskBus, str] = {"virtio": "vda", "scsi": "sda", "sata": "sda"}
    return replace(
        BARE,
        vcpus=4 if hardware.topology else 1,
        disks=(
            DiskSpec(
                source=FileSource(path=POOL / "root"),
                format="raw",
                target=disk[hardware.disk_bus],
                bus=hardware.disk_bus,
                boot_order=1,
            ),
            DiskSpec(
                source=FileSource(path=POOL / "seed"),
                format="raw",
                target="sdb",
                bus=hardware.cdrom_bus,
                device="cdrom",
            ),
        ),
        ports=FULL.ports[:1],
        hardware=hardware,
        nvram=NVRAM if hardware.firmware == "uefi" else None,
    )
