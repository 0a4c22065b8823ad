"""The values that cross the driver's door: what we ask for (specs) and what libvirt tells us (facts)."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from .hardware import USUAL, DiskBus, HardwareSpec
from .sources import DiskSource

DiskFormat = Literal["qcow2", "raw"]
VirtType = Literal["kvm", "qemu"]

LEASE_SECONDS = 3600
"""How long DHCP gives an address for."""


class PowerState(StrEnum):
    """What a guest is doing now, in libvirt's own words."""

    RUNNING = "running"
    PAUSED = "paused"
    SHUTTING_DOWN = "shutting_down"
    SHUT_OFF = "shut_off"
    CRASHED = "crashed"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


class GuestEventKind(StrEnum):
    """What happened to a guest."""

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
    """The layer under a disk, and the one under that; the last has none. Layers are never written."""

    source: DiskSource
    format: DiskFormat
    backing: "BackingSpec | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpec:
    """One disk or CD-ROM of a guest. `target` is the device name the guest is shown first (vda, sda, ...).

    An overlay must name its `backing`: QEMU opens what is written here and never what an image file claims.
    The guest can find the disk by `serial`, of which virtio shows 20 characters.
    """

    source: DiskSource
    format: DiskFormat
    target: str
    backing: BackingSpec | None = None
    bus: DiskBus = "virtio"
    device: Literal["disk", "cdrom"] = "disk"
    read_only: bool = False
    boot_order: int | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSpec:
    """One NIC; `tap_name`, its interface on the host, is at most 15 bytes; DHCP gives `address`."""

    id: str
    mac: str
    network: str
    address: str
    tap_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestTag:
    """Whose a guest is, kept inside its definition. `fence` counts the claims of `operation`."""

    installation: str
    instance: str
    project: str
    operation: str
    order: int
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HotplugSpec:
    """How far a guest can grow while it runs: to so many vCPUs and MiB in all, by so many modules."""

    vcpus: int
    memory_mib: int
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestSpec:
    """Everything a guest is made of. `vnc_socket`, `console_log` and `nvram` are files on the hypervisor.

    Without `room` it cannot grow while it runs.
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
    hardware: HardwareSpec = USUAL
    nvram: Path | None = None
    hotplug: HotplugSpec | None = None


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
    """One NIC's reserved address."""

    mac: str
    address: str
    hostname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One address a guest took. `expires` is in seconds since 1970."""

    mac: str
    address: str
    hostname: str
    expires: int

    @property
    def granted(self) -> int:
        """When it was given or last renewed, in seconds since 1970."""
        return self.expires - LEASE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What a hypervisor is. `memory_mib` is all its memory, `vcpus` its online logical processors."""

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
    """What a guest is doing, and whose it is: `tag` is None when it is not one of ours."""

    uuid: str
    name: str
    power: PowerState
    reason: str
    tag: GuestTag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """What a guest says of itself through its agent: never to be trusted, only to be shown."""

    system: str
    kernel: str
    hostname: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFacts:
    """One volume of a pool. `capacity_bytes` is what a guest sees, `allocation_bytes` what it takes up."""

    name: str
    source: DiskSource
    capacity_bytes: int
    allocation_bytes: int
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """How full the file system under a pool is."""

    capacity_bytes: int
    allocated_bytes: int
    available_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestEvent:
    """Something that happened to a guest; `detail` says why in libvirt's words."""

    uuid: str
    kind: GuestEventKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Virtualization:
    """How guests run on a hypervisor, with the reason as a sentence."""

    type: VirtType
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HotplugFacts:
    """How far a running guest can grow: to so many vCPUs and MiB in all; `slots` are free for modules."""

    vcpus: int
    memory_mib: int
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeFacts:
    """What a running guest has now."""

    vcpus: int
    memory_mib: int
