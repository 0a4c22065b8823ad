"""The virtual hardware of guests, and its defaults."""

from dataclasses import dataclass, fields
from typing import Literal

DiskBus = Literal["virtio", "scsi", "sata"]
TpmModel = Literal["tpm-tis", "tpm-crb"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The topology of the vCPUs; the product of the three is their number."""

    sockets: int
    cores: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tpm:
    """A trusted platform module, emulated by swtpm."""

    version: Literal["1.2", "2.0"]
    model: TpmModel


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuLimits:
    """`shares` against other guests, and `quota` microseconds of CPU time in each `period` of microseconds."""

    shares: int | None = None
    period: int | None = None
    quota: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskLimits:
    """The I/O limits of each disk; a `total` excludes the two others of its unit."""

    read_bytes_sec: int | None = None
    write_bytes_sec: int | None = None
    total_bytes_sec: int | None = None
    read_iops_sec: int | None = None
    write_iops_sec: int | None = None
    total_iops_sec: int | None = None


DISK_LIMITS = tuple(limit.name for limit in fields(DiskLimits))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bandwidth:
    """The bandwidth of each NIC in one direction: KiB a second, `burst` in KiB."""

    average: int
    peak: int | None = None
    burst: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareSpec:
    """The virtual hardware of a guest, in QEMU's and libvirt's terms.

    `random_bytes` is the limit in each `random_period` of milliseconds; None means no limit. `watchdog` is the action
    when the guest stops feeding it; None means no watchdog.
    """

    machine: Literal["q35", "pc"] = "q35"
    firmware: Literal["bios", "uefi"] = "bios"
    secure_boot: bool = False
    tpm: Tpm | None = None
    topology: Topology | None = None
    disk_bus: DiskBus = "virtio"
    cdrom_bus: DiskBus = "scsi"
    vif_model: str = "virtio"
    video_model: str = "vga"
    tablet: bool = True
    input_bus: Literal["usb", "virtio"] = "usb"
    watchdog: Literal["reset", "poweroff", "pause", "none"] | None = None
    random: bool = True
    random_bytes: int | None = None
    random_period: int | None = None
    guest_agent: bool = True
    boot_menu: bool = False
    cpu_limits: CpuLimits | None = None
    disk_limits: DiskLimits | None = None
    inbound: Bandwidth | None = None
    outbound: Bandwidth | None = None


DEFAULT_HARDWARE = HardwareSpec()
