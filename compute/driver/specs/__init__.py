"""The values of the driver's interface: specs go to libvirt, facts come from it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from .hardware import DEFAULT_HARDWARE, DiskBus, DiskLimits, HardwareSpec
from .sources import DiskSource

DiskFormat = Literal["qcow2", "raw"]
VirtType = Literal["kvm", "qemu"]

LEASE_SECONDS = 3600
"""The lease time of DHCP."""


class PowerState(StrEnum):
    """The power state of a guest, in libvirt's terms."""

    RUNNING = "running"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting_down"
    SHUT_OFF = "shut_off"
    CRASHED = "crashed"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


class GuestEventKind(StrEnum):
    """The kind of a guest's event."""

    DEFINED = "defined"
    UNDEFINED = "undefined"
    STARTED = "started"
    STOPPED = "stopped"
    CRASHED = "crashed"
    SHUTDOWN = "shutdown"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    SLEEPING = "sleeping"
    REBOOTED = "rebooted"
    IO_ERROR = "io_error"
    DEVICE_ADDED = "device_added"
    DEVICE_REMOVED = "device_removed"
    DEVICE_REMOVAL_FAILED = "device_removal_failed"
    AGENT_CONNECTED = "agent_connected"
    AGENT_DISCONNECTED = "agent_disconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingSpec:
    """A backing image of a disk, and its own backing image, if any. Backing images are never written."""

    source: DiskSource
    format: DiskFormat
    backing: "BackingSpec | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpec:
    """One disk or CD-ROM of a guest. `target` is its device name at start (vda, sda, ...).

    A CD-ROM without a `source` is an empty drive.

    An overlay must name its `backing`: QEMU opens only images that are named here, never those of a file's header.
    The guest finds the disk by `serial`, of which virtio shows 20 characters. `limits` replace those of the guest's
    hardware.
    """

    source: DiskSource | None
    format: DiskFormat
    target: str
    backing: BackingSpec | None = None
    bus: DiskBus = "virtio"
    device: Literal["disk", "cdrom"] = "disk"
    read_only: bool = False
    boot_order: int | None = None
    serial: str | None = None
    limits: DiskLimits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSpec:
    """One NIC. `tap_name` is its interface on the host, of at most 15 bytes; DHCP assigns `address`."""

    id: str
    mac: str
    network: str
    address: str
    tap_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestTag:
    """The owner of a guest, in the metadata of its definition. `fence` counts the claims of `operation`."""

    installation: str
    instance: str
    project: str
    operation: str
    order: int
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadroomSpec:
    """The limits to which a guest can grow while it runs: vCPUs and MiB in all, and slots for memory modules."""

    vcpus: int
    memory_mib: int
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestSpec:
    """The definition of a guest. `vnc_socket`, `console_log` and `nvram` are files on the hypervisor.

    Without `headroom` it cannot grow while it runs.
    """

    uuid: str
    name: str
    title: str
    vcpus: int
    memory_mib: int
    virt_type: VirtType
    disks: tuple[DiskSpec, ...]
    ports: tuple[PortSpec, ...]
    vnc_socket: Path
    console_log: Path
    tag: GuestTag
    hardware: HardwareSpec = DEFAULT_HARDWARE
    nvram: Path | None = None
    headroom: HeadroomSpec | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """A NAT network with its DHCP server. `dhcp_folder` holds one reservation file an address."""

    name: str
    uuid: str
    bridge: str
    cidr: str
    gateway: str
    dhcp_folder: Path
    mtu: int = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The reserved address of a NIC."""

    mac: str
    address: str
    hostname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The DHCP lease of a NIC. `expires` is in seconds since 1970."""

    mac: str
    address: str
    hostname: str
    expires: int

    @property
    def granted(self) -> int:
        """Return when it was granted or last renewed, in seconds since 1970."""
        return self.expires - LEASE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """Facts about a hypervisor. `memory_mib` is all its memory, `vcpus` its online logical processors."""

    hostname: str
    host_uuid: str
    vcpus: int
    memory_mib: int
    cpu_model: str
    arch: str
    libvirt_version: str
    qemu_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestFacts:
    """Facts about a guest. `tag` is None if it is not one of ours."""

    uuid: str
    name: str
    power: PowerState
    reason: str
    tag: GuestTag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """Facts that a guest's agent reports: for display only, never to be trusted."""

    system: str
    kernel: str
    hostname: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFacts:
    """Facts about a volume. `capacity_bytes` is what a guest sees, `allocation_bytes` what it occupies."""

    name: str
    source: DiskSource
    capacity_bytes: int
    allocation_bytes: int
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """Facts about the file system of a pool."""

    capacity_bytes: int
    allocated_bytes: int
    available_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestEvent:
    """An event of a guest. `detail` is libvirt's reason."""

    uuid: str
    kind: GuestEventKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Virtualization:
    """The domain type of guests on a hypervisor, with the reason as a sentence."""

    type: VirtType
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadroomFacts:
    """The limits to which a running guest can grow: vCPUs and MiB in all, and free memory slots."""

    vcpus: int
    memory_mib: int
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeFacts:
    """The present size of a running guest."""

    vcpus: int
    memory_mib: int
