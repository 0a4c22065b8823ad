"""One cached libvirt connection per process and address."""

import libvirt


def connect(uri: str) -> libvirt.virConnect:
    """An open, living connection to `uri`. Raises HypervisorUnreachable."""
    raise NotImplementedError


def close_all() -> None:
    """Close every connection of this process."""
    raise NotImplementedError
