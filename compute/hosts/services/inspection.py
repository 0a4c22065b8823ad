"""How the row of a host says what its watcher saw there, for processes that never ask the host itself."""

STORAGE = "storage"
"""The storage pool among `Hypervisor.problems`."""


def network_part(name: str) -> str:
    """Return how `Hypervisor.problems` call the network of this name."""
    return f"network {name}"
