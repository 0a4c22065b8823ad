"""Addresses of the hosts' console processes: sockets for their own machine, TCP for others."""

from enum import Enum
from pathlib import Path
from uuid import UUID

from django.conf import settings

from compute.hosts.models import Hypervisor


class Part(Enum):
    """A part of a console process: screens, or all else. The value is nginx's name of it on this machine."""

    SCREENS = "screens"
    HOST = "host"

    @property
    def socket(self) -> Path:
        """Return the socket on which the part listens for processes of the same machine."""
        name = "console.sock" if self is Part.SCREENS else "host.sock"
        return Path(settings.RUN_DIR / name)

    def address(self, listen: str) -> tuple[str, int]:
        """Return the part's IP address and port, where `listen` is the setting of its machine."""
        ip, _colon, port = listen.rpartition(":")
        return ip.strip("[]"), int(port) + (0 if self is Part.SCREENS else 1)


def is_here(host: Hypervisor) -> bool:
    """Return whether the host is this machine."""
    return host.name == settings.HOST


def upstream(host_id: UUID, part: Part) -> str:
    """Return where nginx finds the part of this host; empty if the host or its address is unknown."""
    host = Hypervisor.objects.filter(pk=host_id).only("name", "console_address").first()
    if host is None:
        return ""
    if is_here(host):
        return part.value
    if not host.console_address:
        return ""
    ip, port = part.address(host.console_address)
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def announce(host: Hypervisor) -> None:
    """Write down where this machine's console process listens."""
    Hypervisor.objects.filter(pk=host.pk).update(console_address=settings.CONSOLE_LISTEN)
