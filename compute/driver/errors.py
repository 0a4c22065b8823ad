"""Errors of the driver. Only this module translates libvirt's."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import libvirt


class DriverError(Exception):
    """A call to a hypervisor failed. The text is a sentence for a person.

    `code` is a stable word for programs; `retryable` says whether the same call may succeed later.
    """

    code: ClassVar[str] = "driver_error"
    retryable: ClassVar[bool] = False


class HypervisorUnreachable(DriverError):
    """The hypervisor's libvirt daemon does not answer."""

    code = "hypervisor_unreachable"
    retryable = True


class GuestNotFound(DriverError):
    """The hypervisor has no such guest."""

    code = "guest_not_found"


class GuestBusy(DriverError):
    """Another operation holds the guest."""

    code = "guest_busy"
    retryable = True


class GuestClaimed(DriverError):
    """An operation with a newer claim has the guest, so that ours must not touch it any more."""

    code = "guest_claimed"


class GuestNotRunning(DriverError):
    """The guest's power state does not allow the call."""

    code = "guest_not_running"


class StorageNotFound(DriverError):
    """The pool or volume does not exist."""

    code = "storage_not_found"


class StorageFull(DriverError):
    """The storage of the hypervisor is full."""

    code = "storage_full"


class StorageBusy(DriverError):
    """Another job uses the pool or volume."""

    code = "storage_busy"
    retryable = True


class NetworkNotFound(DriverError):
    """The hypervisor has no such network."""

    code = "network_not_found"


class NotEnoughMemory(DriverError):
    """The hypervisor cannot allocate the guest's memory."""

    code = "not_enough_memory"


class CheckpointLost(DriverError):
    """The disk has no record of what changed since an earlier backup."""

    code = "checkpoint_lost"


class InvalidGuest(DriverError):
    """The guest's definition is invalid."""

    code = "invalid_guest"


class Conflict(DriverError):
    """Another resource has this name, address or UUID."""

    code = "conflict"


class Unsupported(DriverError):
    """The hypervisor does not support the call."""

    code = "unsupported"


_BY_CODE: dict[int, tuple[type[DriverError], str]] = {
    libvirt.VIR_ERR_NO_CONNECT: (HypervisorUnreachable, "the hypervisor's libvirt daemon does not answer"),
    libvirt.VIR_ERR_INVALID_CONN: (HypervisorUnreachable, "the connection to the hypervisor is gone"),
    libvirt.VIR_ERR_AUTH_FAILED: (HypervisorUnreachable, "the hypervisor refused our credentials"),
    libvirt.VIR_ERR_NO_DOMAIN: (GuestNotFound, "the hypervisor knows no such guest"),
    libvirt.VIR_ERR_NO_STORAGE_POOL: (StorageNotFound, "the hypervisor knows no such storage pool"),
    libvirt.VIR_ERR_NO_STORAGE_VOL: (StorageNotFound, "the storage pool has no such volume"),
    libvirt.VIR_ERR_NO_NETWORK: (NetworkNotFound, "the hypervisor knows no such network"),
    libvirt.VIR_ERR_OPERATION_TIMEOUT: (GuestBusy, "another operation on the guest takes too long"),
    libvirt.VIR_ERR_RESOURCE_BUSY: (GuestBusy, "something else is using it right now"),
    libvirt.VIR_ERR_AGENT_UNRESPONSIVE: (GuestBusy, "the agent inside the guest does not answer"),
    libvirt.VIR_ERR_NO_MEMORY: (NotEnoughMemory, "the hypervisor is out of memory"),
    libvirt.VIR_ERR_XML_ERROR: (InvalidGuest, "the hypervisor does not accept the description"),
    libvirt.VIR_ERR_XML_DETAIL: (InvalidGuest, "the hypervisor does not accept the description"),
    libvirt.VIR_ERR_XML_INVALID_SCHEMA: (InvalidGuest, "the hypervisor does not accept the description"),
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED: (Unsupported, "the hypervisor does not support this"),
    libvirt.VIR_ERR_NO_SUPPORT: (Unsupported, "the hypervisor does not support this"),
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED: (Unsupported, "the hypervisor does not support this"),
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED: (Unsupported, "the hypervisor does not support this"),
    libvirt.VIR_ERR_OPERATION_INVALID: (GuestNotRunning, "its present state does not allow this"),
}

# QEMU and the kernel report these only as text, under general codes.
_BY_TEXT: tuple[tuple[str, type[DriverError], str], ...] = (
    (
        "no space left on device",
        StorageFull,
        "the hypervisor's storage is full; free some space or add a disk",
    ),
    ("disk quota exceeded", StorageFull, "the hypervisor's storage quota is used up"),
    ("cannot allocate memory", NotEnoughMemory, "the hypervisor has not enough free memory"),
    ("cannot set up guest memory", NotEnoughMemory, "the hypervisor has not enough free memory"),
    ("client socket is closed", HypervisorUnreachable, "the connection to the hypervisor was lost"),
    ("keepalive timeout", HypervisorUnreachable, "the hypervisor stopped answering"),
    ("end of file while reading data", HypervisorUnreachable, "the connection to the hypervisor was lost"),
    ("cannot acquire state change lock", GuestBusy, "another operation on the guest is still running"),
    ("unable to read from monitor", GuestNotRunning, "it was powered off meanwhile"),
    ("asynchronous jobs running", StorageBusy, "another volume of the pool is being made"),
    ("already in use", Conflict, "something else on the hypervisor already uses it"),
    ("already exists", Conflict, "the hypervisor already has one with this name or identity"),
    ('failed to get "write" lock', GuestBusy, "another guest or program has the disk open"),
)


def translate(error: libvirt.libvirtError, attempt: str) -> DriverError:
    """Return the DriverError of libvirt's error. `attempt` begins its sentence, as in "Starting guest web-1"."""
    text = str(error.get_error_message() or error)
    if matched := _match_text(text, attempt):
        return matched
    code = error.get_error_code()
    if code == libvirt.VIR_ERR_SYSTEM_ERROR and error.get_error_domain() in (
        libvirt.VIR_FROM_RPC,
        libvirt.VIR_FROM_REMOTE,
    ):
        return HypervisorUnreachable(f"{attempt} failed: the hypervisor does not answer ({text}).")
    error_class, reason = _BY_CODE.get(code, (DriverError, "the hypervisor reported an error"))
    return error_class(f"{attempt} failed: {reason} ({text}).")


def translate_output(text: str, attempt: str) -> DriverError:
    """Return the DriverError of a failed program's output."""
    return _match_text(text, attempt) or DriverError(f"{attempt} failed: {text or 'no reason was given'}.")


def _match_text(text: str, attempt: str) -> DriverError | None:
    lower = text.lower()
    for fragment, error_class, reason in _BY_TEXT:
        if fragment in lower:
            return error_class(f"{attempt} failed: {reason}.")
    return None


def translate_os(error: OSError, attempt: str) -> DriverError:
    """Return the DriverError of an operating system's error."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            f"{attempt} failed: the hypervisor's storage is full; free some space or add a disk."
        )
    return DriverError(f"{attempt} failed: {error.strerror or error} ({error.filename or 'no file'}).")


@contextmanager
def translated(attempt: str) -> Iterator[None]:
    """Translate errors of libvirt and the operating system. Raise a DriverError that begins with `attempt`."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise translate(error, attempt) from error
    except OSError as error:
        raise translate_os(error, attempt) from error
