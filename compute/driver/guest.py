"""A guest on its hypervisor: define, power, tag, look at, undefine."""

from pathlib import Path
from typing import Self

from .specs import GuestFacts, GuestSpec, GuestTag


class Console:
    """A guest's first serial port, for one reader thread and any writer."""

    def read(self, size: int = 65536) -> bytes:
        """Wait for output; b"" means the console has ended."""
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        """Type `data`. Raises DriverError when the console has ended."""
        raise NotImplementedError

    def close(self) -> None:
        """End the console; a waiting read returns b""."""
        raise NotImplementedError


class Guest:
    """One libvirt domain. Methods raise DriverError; a guest that is gone raises GuestNotFound."""

    @classmethod
    def lookup(cls, uri: str, uuid: str) -> Self:
        """The guest with this uuid. Raises GuestNotFound."""
        raise NotImplementedError

    @classmethod
    def define(cls, uri: str, spec: GuestSpec) -> Self:
        """Define or redefine the guest of `spec.uuid`; a running one keeps its devices until it stops."""
        raise NotImplementedError

    def start(self) -> None:
        """Power on; one that runs already is left alone."""
        raise NotImplementedError

    def shut_down(self) -> None:
        """Press the power button (ACPI); returns at once, the guest decides. Already off is success."""
        raise NotImplementedError

    def destroy(self) -> None:
        """Pull the plug; already off is success."""
        raise NotImplementedError

    def reboot(self) -> None:
        """Ask the guest to restart (ACPI)."""
        raise NotImplementedError

    def reset(self) -> None:
        """Press the reset button."""
        raise NotImplementedError

    def undefine(self) -> None:
        """Forget the guest with its snapshots' metadata and saved state; already gone is success."""
        raise NotImplementedError

    def facts(self) -> GuestFacts:
        """What the guest is doing and whose it is."""
        raise NotImplementedError

    def tag(self) -> GuestTag | None:
        """Whose the guest is; None when it is not ours."""
        raise NotImplementedError

    def set_tag(self, tag: GuestTag) -> None:
        """Write the tag, in the definition and in the running guest."""
        raise NotImplementedError

    def screenshot(self) -> bytes:
        """The guest's screen as PNG. Raises GuestNotRunning, Unsupported."""
        raise NotImplementedError

    def vnc_socket(self) -> Path | None:
        """The unix socket of the running guest's VNC server; None when it is off."""
        raise NotImplementedError

    def console(self) -> Console:
        """Open the serial console, taking it over from whoever had it."""
        raise NotImplementedError


def list_guests(uri: str) -> list[GuestFacts]:
    """Every guest of the hypervisor, running or not."""
    raise NotImplementedError


def prepare_socket_folder(path: Path) -> None:
    """Make the folder of a guest's sockets: QEMU's user may create files in it, other users may not enter."""
    raise NotImplementedError
