"""Machine type, firmware and CPU of guests."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..specs import VirtType, hardware
from ..specs.hardware import HardwareSpec
from .element import Element, attribute, leaf, text
from .memory import Nodes

EMULATED_MODEL = "Westmere"
"""A CPU model that QEMU emulates completely, and that today's systems (x86-64-v2) support."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineType(Element):
    TAG: ClassVar[str] = "type"
    arch: str = attribute(default="x86_64")
    machine: str = attribute(default="q35")
    kind: str = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareFeature(Element):
    TAG: ClassVar[str] = "feature"
    enabled: str = attribute()
    name: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware(Element):
    TAG: ClassVar[str] = "firmware"
    features: tuple[FirmwareFeature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BootMenu(Element):
    TAG: ClassVar[str] = "bootmenu"
    enable: str = attribute(default="yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingSystem(Element):
    """Boot parameters. With `firmware` libvirt selects a build of it that has the features."""

    TAG: ClassVar[str] = "os"
    autoselected: str | None = attribute("firmware")
    type: MachineType
    firmware: Firmware | None = None
    nvram: str | None = leaf()
    kernel: str | None = leaf()
    initrd: str | None = leaf()
    cmdline: str | None = leaf()
    boot_menu: BootMenu | None = None

    @classmethod
    def from_spec(cls, spec: HardwareSpec, nvram: Path | None) -> "OperatingSystem":
        """Return the boot parameters; `nvram` is the file of UEFI's variables."""
        machine = MachineType(machine=spec.machine, kind="hvm")
        menu = BootMenu() if spec.boot_menu else None
        if spec.firmware == "bios":
            return cls(type=machine, boot_menu=menu)
        enabled = "yes" if spec.secure_boot else "no"
        return cls(
            autoselected="efi",
            type=machine,
            firmware=Firmware(
                features=tuple(
                    FirmwareFeature(enabled=enabled, name=name) for name in ("enrolled-keys", "secure-boot")
                )
            ),
            nvram=None if nvram is None else str(nvram),
            boot_menu=menu,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Acpi(Element):
    TAG: ClassVar[str] = "acpi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apic(Element):
    TAG: ClassVar[str] = "apic"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagementMode(Element):
    """System management mode, which protects the variables of secure boot."""

    TAG: ClassVar[str] = "smm"
    state: str = attribute(default="on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Features(Element):
    TAG: ClassVar[str] = "features"
    acpi: Acpi = Acpi()
    apic: Apic = Apic()
    smm: ManagementMode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuModel(Element):
    TAG: ClassVar[str] = "model"
    fallback: str = attribute(default="forbid")
    name: str = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTopology(Element):
    TAG: ClassVar[str] = "topology"
    sockets: int = attribute()
    cores: int = attribute()
    threads: int = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu(Element):
    TAG: ClassVar[str] = "cpu"
    mode: str = attribute()
    match: str | None = attribute()
    check: str | None = attribute()
    model: CpuModel | None = None
    topology: CpuTopology | None = None
    nodes: Nodes | None = None

    @classmethod
    def for_guest(
        cls, virt_type: VirtType, topology: hardware.Topology | None = None, nodes: Nodes | None = None
    ) -> "Cpu":
        """Return the CPU: under KVM the host's model, else a named one, which no QEMU upgrade changes."""
        cpu_topology = None
        if topology is not None:
            cpu_topology = CpuTopology(
                sockets=topology.sockets, cores=topology.cores, threads=topology.threads
            )
        if virt_type == "kvm":
            return cls(mode="host-model", topology=cpu_topology, nodes=nodes)
        model = CpuModel(name=EMULATED_MODEL)
        return cls(
            mode="custom", match="exact", check="none", model=model, topology=cpu_topology, nodes=nodes
        )
