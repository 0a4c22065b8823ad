"""Guests: the whole machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..specs import GuestSpec, VirtType
from .devices import (
    Backend,
    Balloon,
    Channel,
    Controller,
    Devices,
    Disk,
    Graphics,
    Input,
    Interface,
    Log,
    Model,
    Panic,
    Random,
    Serial,
    Source,
    Stats,
    Target,
    Video,
)
from .element import Element, attribute, leaf, text
from .tag import TagElement

# Every device sits on a port of its own; the spare ones are for what is plugged in while the guest runs.
FIXED_PCI_DEVICES = 5  # USB, SCSI, serial bus, random numbers, balloon
SPARE_PCI_PORTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory(Element):
    TAG: ClassVar[str] = "memory"
    unit: str = attribute(default="MiB")
    size: int = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine(Element):
    TAG: ClassVar[str] = "type"
    arch: str = attribute(default="x86_64")
    machine: str = attribute(default="q35")
    kind: str = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingSystem(Element):
    TAG: ClassVar[str] = "os"
    type: Machine
    kernel: str | None = leaf()
    initrd: str | None = leaf()
    cmdline: str | None = leaf()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acpi(Element):
    TAG: ClassVar[str] = "acpi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apic(Element):
    TAG: ClassVar[str] = "apic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features(Element):
    TAG: ClassVar[str] = "features"
    acpi: Acpi
    apic: Apic


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor(Element):
    TAG: ClassVar[str] = "cpu"
    mode: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock(Element):
    TAG: ClassVar[str] = "clock"
    offset: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata(Element):
    TAG: ClassVar[str] = "metadata"
    tag: TagElement


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain(Element):
    """libvirt's word for a guest."""

    TAG: ClassVar[str] = "domain"
    type: str = attribute()
    name: str = leaf()
    uuid: str | None = leaf()
    title: str | None = leaf()
    metadata: Metadata | None = None
    memory: Memory
    vcpu: int = leaf()
    os: OperatingSystem
    features: Features
    cpu: Processor
    clock: Clock
    on_poweroff: str = leaf(default="destroy")
    on_reboot: str = leaf(default="restart")
    on_crash: str = leaf(default="destroy")
    devices: Devices


def guest_domain(spec: GuestSpec) -> Domain:
    """The whole machine of a spec."""
    return Domain(
        type=spec.virt_type,
        name=spec.name,
        uuid=spec.uuid,
        title=" ".join(spec.title.splitlines()).strip() or None,  # libvirt takes one line
        metadata=Metadata(tag=TagElement.of(spec.tag)),
        memory=Memory(size=spec.memory_mib),
        vcpu=spec.vcpus,
        os=OperatingSystem(type=Machine(kind="hvm")),
        features=Features(acpi=Acpi(), apic=Apic()),
        cpu=_processor(spec.virt_type),
        clock=Clock(offset="utc"),
        devices=_devices(spec),
    )


def probe_domain(name: str, virt_type: VirtType, kernel: Path, initrd: Path, output: Path) -> Domain:
    """The smallest machine that boots a kernel and lets it speak into the file `output`."""
    return Domain(
        type=virt_type,
        name=name,
        memory=Memory(size=96),
        vcpu=1,
        os=OperatingSystem(
            type=Machine(kind="hvm"), kernel=str(kernel), initrd=str(initrd), cmdline="console=ttyS0 panic=-1"
        ),
        features=Features(acpi=Acpi(), apic=Apic()),
        cpu=_processor(virt_type),
        clock=Clock(offset="utc"),
        on_reboot="destroy",
        devices=Devices(
            serials=(Serial(type="file", source=Source(path=str(output)), target=Target(port=0)),),
            balloon=Balloon(model="none"),
        ),
    )


def _processor(virt_type: VirtType) -> Processor:
    """Under KVM a model other hosts can have too; emulated, all QEMU can emulate, which boots quickest."""
    return Processor(mode="host-model" if virt_type == "kvm" else "maximum")


def _devices(spec: GuestSpec) -> Devices:
    virtio_disks = sum(disk.bus == "virtio" for disk in spec.disks)
    ports = FIXED_PCI_DEVICES + virtio_disks + len(spec.ports) + SPARE_PCI_PORTS
    return Devices(
        controllers=(
            Controller(type="pci", index=0, model="pcie-root"),
            *(Controller(type="pci", index=number, model="pcie-root-port") for number in range(1, ports + 1)),
            Controller(type="scsi", index=0, model="virtio-scsi"),
            Controller(type="usb", index=0, model="qemu-xhci"),
        ),
        disks=tuple(Disk.of(disk) for disk in spec.disks),
        interfaces=tuple(Interface.of(port) for port in spec.ports),
        serials=(
            Serial(type="pty", log=Log(file=str(spec.console_log), append="on"), target=Target(port=0)),
        ),
        channels=(Channel(type="unix", target=Target(type="virtio", name="org.qemu.guest_agent.0")),),
        inputs=(Input(type="tablet", bus="usb"),),
        graphics=Graphics(type="vnc", socket=str(spec.vnc_socket)),
        video=Video(model=Model(type="vga")),
        random=Random(model="virtio", backend=Backend(model="random", path="/dev/urandom")),
        balloon=Balloon(model="virtio", stats=Stats(period=5)),
        panic=Panic(model="isa"),
    )
