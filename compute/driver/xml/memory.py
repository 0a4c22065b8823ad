"""Memory of guests: at start, at most, and modules for hotplug."""

from dataclasses import dataclass
from typing import ClassVar

from .element import Element, attribute, leaf, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory(Element):
    TAG: ClassVar[str] = "memory"
    unit: str = attribute(default="MiB")
    size: int = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxMemory(Element):
    """The address space for hotplug of memory modules."""

    TAG: ClassVar[str] = "maxMemory"
    slots: int = attribute()
    unit: str = attribute(default="MiB")
    size: int = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell(Element):
    TAG: ClassVar[str] = "cell"
    id: int = attribute()
    cpus: str = attribute()
    memory: int = attribute()
    unit: str = attribute(default="MiB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes(Element):
    """The single NUMA node of a guest, which QEMU requires for hotplug of memory."""

    TAG: ClassVar[str] = "numa"
    cell: Cell

    @classmethod
    def single(cls, vcpus: int, memory_mib: int) -> "Nodes":
        """Return one node with all vCPUs, also those for hotplug."""
        return cls(cell=Cell(id=0, cpus=f"0-{vcpus - 1}" if vcpus > 1 else "0", memory=memory_mib))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleSize(Element):
    TAG: ClassVar[str] = "size"
    unit: str = attribute(default="MiB")
    size: int = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleTarget(Element):
    TAG: ClassVar[str] = "target"
    size: ModuleSize
    node: int = leaf(default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module(Element):
    """A DIMM."""

    TAG: ClassVar[str] = "memory"
    model: str = attribute(default="dimm")
    target: ModuleTarget


def memory_module(size_mib: int) -> Module:
    """Return a memory module for hotplug."""
    return Module(target=ModuleTarget(size=ModuleSize(size=size_mib)))
