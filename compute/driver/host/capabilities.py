"""Facts and capabilities of a hypervisor."""

import libvirt
from lxml import etree

from ..connection import connect
from ..errors import translated
from ..specs import HostFacts


def facts(uri: str) -> HostFacts:
    """Return identity, size and versions of the hypervisor. Raise HypervisorUnreachable."""
    with translated(f"Reading hypervisor {uri}"):
        connection = connect(uri)
        host = etree.fromstring(connection.getCapabilities()).find("host")
        if host is None:
            host = etree.Element("host")
        memory = connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
        return HostFacts(
            hostname=connection.getHostname(),
            host_uuid=host.findtext("uuid", ""),
            vcpus=connection.getInfo()[2],
            memory_mib=memory["total"] // 1024,  # getInfo() does not see memory plugged in since boot
            cpu_model=host.findtext("cpu/model", ""),
            arch=host.findtext("cpu/arch", ""),
            libvirt_version=_version(connection.getLibVersion()),
            qemu_version=_version(connection.getVersion()),
        )


def ping(uri: str) -> None:
    """Ping the host's libvirt daemon. Raise HypervisorUnreachable."""
    with translated(f"Asking hypervisor {uri} for a word"):
        connect(uri).getLibVersion()


def features(uri: str) -> set[str]:
    """Return which of "uefi", "secure_boot" and "tpm" guests can have on this host. Raise HypervisorUnreachable."""
    with translated(f"Reading the capabilities of hypervisor {uri}"):
        connection = connect(uri)
        capabilities = etree.fromstring(connection.getDomainCapabilities(None, "x86_64", "q35", "qemu"))
    paths = {
        "uefi": "os/enum[@name='firmware']/value[.='efi']",
        "secure_boot": "os/loader/enum[@name='secure']/value[.='yes']",
        "tpm": "devices/tpm[@supported='yes']/enum[@name='backendModel']/value[.='emulator']",
    }
    return {name for name, path in paths.items() if capabilities.xpath(path)}


def _version(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
