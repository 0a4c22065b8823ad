"""Names of libvirt's states and reasons."""

import libvirt

from ..specs import PowerState

_STATES: dict[int, tuple[PowerState, tuple[str, ...]]] = {
    libvirt.VIR_DOMAIN_RUNNING: (
        PowerState.RUNNING,
        (
            "unknown",
            "booted",
            "migrated",
            "restored",
            "from_snapshot",
            "unpaused",
            "migration_canceled",
            "save_canceled",
            "wakeup",
            "crashed",
            "postcopy",
            "postcopy_failed",
        ),
    ),
    libvirt.VIR_DOMAIN_PAUSED: (
        PowerState.PAUSED,
        (
            "unknown",
            "user",
            "migration",
            "save",
            "dump",
            "io_error",
            "watchdog",
            "from_snapshot",
            "shutting_down",
            "snapshot",
            "crashed",
            "starting_up",
            "postcopy",
            "postcopy_failed",
            "api_error",
        ),
    ),
    libvirt.VIR_DOMAIN_SHUTDOWN: (PowerState.SHUTTING_DOWN, ("unknown", "user")),
    libvirt.VIR_DOMAIN_SHUTOFF: (
        PowerState.SHUT_OFF,
        (
            "unknown",
            "shutdown",
            "destroyed",
            "crashed",
            "migrated",
            "saved",
            "failed",
            "from_snapshot",
            "daemon",
        ),
    ),
    libvirt.VIR_DOMAIN_CRASHED: (PowerState.CRASHED, ("unknown", "panicked")),
    libvirt.VIR_DOMAIN_PMSUSPENDED: (PowerState.SUSPENDED, ("unknown",)),
}


def describe(state: int, reason: int) -> tuple[PowerState, str]:
    """Return the power state and its reason."""
    power, reasons = _STATES.get(state, (PowerState.UNKNOWN, ()))
    return power, reason_name(reasons, reason)


def reason_name(names: tuple[str, ...], number: int) -> str:
    """Return the name of a reason's number, which may be one of a newer libvirt."""
    return names[number] if 0 <= number < len(names) else f"reason_{number}"
