"""Hotplug into a running guest: vCPUs, memory modules, larger disks. None of it can be undone."""

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import translated
from ..limited import limited
from ..specs import HeadroomFacts, SizeFacts
from ..xml.memory import memory_module

_KIB_IN_MIB = 1024
_LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE


class Hotplug:
    """Hotplug into one running guest; its definition stays. Methods raise GuestNotRunning and other DriverErrors."""

    def __init__(self, uri: str, uuid: str) -> None:
        self.uri, self.uuid = uri, uuid

    def headroom(self) -> HeadroomFacts:
        """Return the limits up to which it can still grow."""
        with translated(f"Reading guest {self.uuid}"):
            definition = etree.fromstring(self._domain().XMLDesc())
        max_memory = definition.find("maxMemory")
        slots = 0 if max_memory is None else int(max_memory.get("slots", "0"))
        memory = definition.findtext("memory", "0") if max_memory is None else max_memory.text or "0"
        return HeadroomFacts(
            vcpus=int(definition.findtext("vcpu", "0")),
            memory_mib=int(memory) // _KIB_IN_MIB,
            slots=slots - len(definition.findall("devices/memory")),
        )

    def size(self) -> SizeFacts:
        """Return its present vCPUs and memory."""
        with translated(f"Reading guest {self.uuid}"):
            domain = self._domain()
            return SizeFacts(vcpus=domain.vcpusFlags(_LIVE), memory_mib=domain.maxMemory() // _KIB_IN_MIB)

    @limited
    def set_vcpus(self, vcpus: int) -> None:
        """Plug vCPUs in, up to this number. Having them is success."""
        with translated(f"Giving guest {self.uuid} more vCPUs"):
            domain = self._domain()
            if domain.vcpusFlags(_LIVE) < vcpus:
                domain.setVcpusFlags(vcpus, _LIVE)

    @limited
    def set_memory(self, size_mib: int) -> None:
        """Plug one memory module in, up to this total. Having it is success."""
        with translated(f"Giving guest {self.uuid} more memory"):
            domain = self._domain()
            missing = size_mib - domain.maxMemory() // _KIB_IN_MIB
            if missing > 0:
                domain.attachDeviceFlags(memory_module(missing).to_xml(), _LIVE)

    @limited
    def resize_disk(self, target: str, size_bytes: int) -> None:
        """Enlarge the disk with the device name `target`. Having that size is success. Raise StorageFull."""
        with translated(f"Growing disk {target} of guest {self.uuid}"):
            domain = self._domain()
            if domain.blockInfo(target)[0] < size_bytes:
                domain.blockResize(target, size_bytes, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)

    def _domain(self) -> libvirt.virDomain:
        return connect(self.uri).lookupByUUIDString(self.uuid)
