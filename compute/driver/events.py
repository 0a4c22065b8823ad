"""Events of guests."""

from collections.abc import Callable
from typing import Any

import libvirt

from .connection import open_connection
from .errors import translated
from .guest.power import reason_name
from .specs import GuestEvent, GuestEventKind

_LIFECYCLE: dict[int, tuple[GuestEventKind, tuple[str, ...]]] = {
    libvirt.VIR_DOMAIN_EVENT_DEFINED: (
        GuestEventKind.DEFINED,
        ("added", "updated", "renamed", "from_snapshot"),
    ),
    libvirt.VIR_DOMAIN_EVENT_UNDEFINED: (GuestEventKind.UNDEFINED, ("removed", "renamed")),
    libvirt.VIR_DOMAIN_EVENT_STARTED: (
        GuestEventKind.STARTED,
        ("booted", "migrated", "restored", "from_snapshot", "wakeup"),
    ),
    libvirt.VIR_DOMAIN_EVENT_SUSPENDED: (
        GuestEventKind.SUSPENDED,
        (
            "paused",
            "migrated",
            "io_error",
            "watchdog",
            "restored",
            "from_snapshot",
            "api_error",
            "postcopy",
            "postcopy_failed",
        ),
    ),
    libvirt.VIR_DOMAIN_EVENT_RESUMED: (
        GuestEventKind.RESUMED,
        ("unpaused", "migrated", "from_snapshot", "postcopy", "postcopy_failed"),
    ),
    libvirt.VIR_DOMAIN_EVENT_STOPPED: (
        GuestEventKind.STOPPED,
        ("shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from_snapshot"),
    ),
    libvirt.VIR_DOMAIN_EVENT_SHUTDOWN: (GuestEventKind.SHUTDOWN, ("finished", "guest", "host")),
    libvirt.VIR_DOMAIN_EVENT_PMSUSPENDED: (GuestEventKind.SLEEPING, ("memory", "disk")),
    libvirt.VIR_DOMAIN_EVENT_CRASHED: (GuestEventKind.CRASHED, ("panicked", "crash_loaded")),
}
_CRASHES = ("crashed", "failed")  # QEMU's death is reported as "failed", a guest's panic as "crashed"
_CLOSE_REASONS = ("error", "eof", "keepalive", "client")

OnEvent = Callable[[GuestEvent], None]


class Subscription:
    """A subscription to events of guests, which `close()` ends."""

    def __init__(self, connection: libvirt.virConnect, callbacks: list[int]) -> None:
        self._connection: libvirt.virConnect | None = connection
        self._callbacks = callbacks

    def close(self) -> None:
        """End the subscription. It may be called again, and after the connection was lost."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.unregisterCloseCallback()
            for callback in self._callbacks:
                connection.domainEventDeregisterAny(callback)
            connection.close()
        except libvirt.libvirtError:
            return  # the connection was lost


def subscribe(uri: str, on_event: OnEvent, on_close: Callable[[str], None]) -> Subscription:
    """Subscribe to every guest event of `uri`. Raise HypervisorUnreachable.

    `on_close` is called with a reason when the connection is lost: subscribe again and compare everything. Both run
    on the event thread, where a call to libvirt would deadlock.
    """
    connection = open_connection(uri)
    with translated(f"Listening to hypervisor {uri}"):
        connection.registerCloseCallback(
            lambda connection, reason, opaque: on_close(reason_name(_CLOSE_REASONS, reason)), None
        )
        callbacks = [
            connection.domainEventRegisterAny(None, number, deliver, on_event)
            for number, deliver in _DELIVERIES.items()
        ]
    return Subscription(connection, callbacks)


def _lifecycle(
    connection: Any, domain: libvirt.virDomain, event: int, detail: int, on_event: OnEvent
) -> None:
    if event not in _LIFECYCLE:
        return
    kind, details = _LIFECYCLE[event]
    name = reason_name(details, detail)
    if kind is GuestEventKind.STOPPED and name in _CRASHES:
        kind = GuestEventKind.CRASHED
    _deliver(domain, kind, name, on_event)


def _reboot(connection: Any, domain: libvirt.virDomain, on_event: OnEvent) -> None:
    _deliver(domain, GuestEventKind.REBOOTED, "", on_event)


def _io_error(
    connection: Any,
    domain: libvirt.virDomain,
    path: str,
    alias: str,
    action: int,
    reason: str,
    on_event: OnEvent,
) -> None:
    _deliver(domain, GuestEventKind.IO_ERROR, f"{alias}: {reason or 'error'}", on_event)


def _device_added(connection: Any, domain: libvirt.virDomain, alias: str, on_event: OnEvent) -> None:
    _deliver(domain, GuestEventKind.DEVICE_ADDED, alias, on_event)


def _device_removed(connection: Any, domain: libvirt.virDomain, alias: str, on_event: OnEvent) -> None:
    _deliver(domain, GuestEventKind.DEVICE_REMOVED, alias, on_event)


def _removal_failed(connection: Any, domain: libvirt.virDomain, alias: str, on_event: OnEvent) -> None:
    _deliver(domain, GuestEventKind.DEVICE_REMOVAL_FAILED, alias, on_event)


def _agent(connection: Any, domain: libvirt.virDomain, state: int, reason: int, on_event: OnEvent) -> None:
    connected = state == libvirt.VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED
    kind = GuestEventKind.AGENT_CONNECTED if connected else GuestEventKind.AGENT_DISCONNECTED
    _deliver(domain, kind, "", on_event)


def _deliver(domain: libvirt.virDomain, kind: GuestEventKind, detail: str, on_event: OnEvent) -> None:
    on_event(GuestEvent(uuid=domain.UUIDString(), kind=kind, detail=detail))


_DELIVERIES: dict[int, Callable[..., None]] = {
    libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE: _lifecycle,
    libvirt.VIR_DOMAIN_EVENT_ID_REBOOT: _reboot,
    libvirt.VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON: _io_error,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED: _device_added,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED: _device_removed,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED: _removal_failed,
    libvirt.VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE: _agent,
}
