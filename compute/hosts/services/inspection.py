"""How the row of a host says what its watcher saw there, for processes that never ask the host itself."""

from datetime import timedelta

SILENT = timedelta(seconds=14)
"""How long nothing may be heard of a host; its watcher says a word every four seconds."""

STORAGE = "storage"
"""The storage pool among `Hypervisor.problems`."""


def network_part(name: str) -> str:
    """Return how `Hypervisor.problems` call the network of this name."""
    return f"network {name}"
