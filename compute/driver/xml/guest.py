"""Definitions of guests."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..specs import GuestSpec, VirtType
from ..specs.hardware import HardwareSpec
from .devices import (
    Backend,
    Balloon,
    Channel,
    Controller,
    Devices,
    Graphics,
    Input,
    Interface,
    Log,
    Model,
    Panic,
    Random,
    Rate,
    Serial,
    Source,
    Stats,
    Target,
    Video,
)
from .disks import Disk
from .element import Element, attribute, leaf, text
from .limits import CpuTuning
from .machine import Cpu, Features, MachineType, ManagementMode, OperatingSystem
from .memory import MaxMemory, Memory, Nodes
from .optional import Tpm, Watchdog
from .tag import TagElement

# Every device has a port of its own; spare ones are for hotplug.
FIXED_PCI_DEVICES = 5  # USB, SCSI, serial bus, random numbers, balloon
SPARE_PCI_PORTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Vcpu(Element):
    """The most vCPUs; `current` of them are present at start, by default all."""

    TAG: ClassVar[str] = "vcpu"
    current: int | None = attribute()
    most: int = text()


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
    """The definition of a guest."""

    TAG: ClassVar[str] = "domain"
    type: str = attribute()
    name: str = leaf()
    uuid: str | None = leaf()
    title: str | None = leaf()
    metadata: Metadata | None = None
    max_memory: MaxMemory | None = None
    memory: Memory
    vcpu: Vcpu
    tuning: CpuTuning | None = None
    os: OperatingSystem
    features: Features
    cpu: Cpu
    clock: Clock
    on_poweroff: str = leaf(default="destroy")
    on_reboot: str = leaf(default="restart")
    on_crash: str = leaf(default="destroy")
    devices: Devices


def guest_domain(spec: GuestSpec) -> Domain:
    """Return the definition of a guest."""
    hardware, limits = spec.hardware, spec.hardware.cpu_limits
    most_vcpus = spec.headroom.vcpus if spec.headroom else spec.vcpus
    max_memory = nodes = None
    if spec.headroom and spec.headroom.slots:
        max_memory = MaxMemory(slots=spec.headroom.slots, size=spec.headroom.memory_mib)
        nodes = Nodes.single(most_vcpus, spec.memory_mib)
    return Domain(
        type=spec.virt_type,
        name=spec.name,
        uuid=spec.uuid,
        title=" ".join(spec.title.splitlines()).strip() or None,  # libvirt takes one line
        metadata=Metadata(tag=TagElement.from_tag(spec.tag)),
        max_memory=max_memory,
        memory=Memory(size=spec.memory_mib),
        vcpu=Vcpu(current=spec.vcpus if most_vcpus > spec.vcpus else None, most=most_vcpus),
        tuning=None if limits is None else CpuTuning.from_limits(limits),
        os=OperatingSystem.from_spec(hardware, spec.nvram),
        features=Features(smm=ManagementMode() if hardware.secure_boot else None),
        cpu=Cpu.for_guest(spec.virt_type, hardware.topology, nodes),
        clock=Clock(offset="utc"),
        devices=_devices(spec),
    )


def probe_domain(name: str, virt_type: VirtType, kernel: Path, initrd: Path, output: Path) -> Domain:
    """Return a minimal definition that boots a kernel, with the file `output` as its serial port."""
    return Domain(
        type=virt_type,
        name=name,
        memory=Memory(size=96),
        vcpu=Vcpu(most=1),
        os=OperatingSystem(
            type=MachineType(kind="hvm"),
            kernel=str(kernel),
            initrd=str(initrd),
            cmdline="console=ttyS0 panic=-1 no_timer_check",
        ),
        features=Features(),
        cpu=Cpu.for_guest(virt_type),
        clock=Clock(offset="utc"),
        on_reboot="destroy",
        devices=Devices(
            serials=(Serial(type="file", source=Source(path=str(output)), target=Target(port=0)),),
            balloon=Balloon(model="none"),
        ),
    )


def _devices(spec: GuestSpec) -> Devices:
    hardware = spec.hardware
    return Devices(
        controllers=(
            *_pci_ports(spec),
            Controller(type="scsi", index=0, model="virtio-scsi"),
            Controller(type="usb", index=0, model="qemu-xhci"),
        ),
        disks=tuple(Disk.from_spec(disk, hardware.disk_limits) for disk in spec.disks),
        interfaces=tuple(Interface.from_spec(port, hardware) for port in spec.ports),
        serials=(
            Serial(type="pty", log=Log(file=str(spec.console_log), append="on"), target=Target(port=0)),
        ),
        channels=(Channel(type="unix", target=Target(type="virtio", name="org.qemu.guest_agent.0")),)
        if hardware.guest_agent
        else (),
        inputs=_inputs(hardware),
        graphics=Graphics(type="vnc", socket=str(spec.vnc_socket)),
        video=Video(model=Model(type=hardware.video_model)),
        random=_random(hardware),
        balloon=Balloon(model="virtio", stats=Stats(period=5)),
        panic=Panic(model="isa"),
        watchdog=Watchdog(action=hardware.watchdog) if hardware.watchdog else None,
        tpm=Tpm.from_spec(hardware.tpm) if hardware.tpm else None,
    )


def _pci_ports(spec: GuestSpec) -> tuple[Controller, ...]:
    """Return the ports for PCI Express; the machine `pc` has one bus, which libvirt adds itself."""
    if spec.hardware.machine != "q35":
        return ()
    virtio_disks = sum(disk.bus == "virtio" for disk in spec.disks)
    ports = FIXED_PCI_DEVICES + virtio_disks + len(spec.ports) + SPARE_PCI_PORTS
    return (
        Controller(type="pci", index=0, model="pcie-root"),
        *(Controller(type="pci", index=number, model="pcie-root-port") for number in range(1, ports + 1)),
    )


def _inputs(hardware: HardwareSpec) -> tuple[Input, ...]:
    """Return the input devices; PS/2 keyboard and mouse are always present. A tablet has an absolute position."""
    kinds = ["tablet"] if hardware.tablet else []
    if hardware.input_bus != "usb":
        kinds.append("keyboard")
    return tuple(Input(type=kind, bus=hardware.input_bus) for kind in kinds)


def _random(hardware: HardwareSpec) -> Random | None:
    if not hardware.random:
        return None
    rate = hardware.random_bytes and Rate(bytes=hardware.random_bytes, period=hardware.random_period)
    return Random(model="virtio", rate=rate or None, backend=Backend(model="random", path="/dev/urandom"))
