"""Names and limits in the rows of hosts, for processes that never ask the host itself."""

STORAGE = "storage"
"""The storage pool among `Hypervisor.problems`."""


def pool_part(name: str) -> str:
    """Return the name of an added storage pool among `Hypervisor.problems`."""
    return f"storage {name}"


def network_part(name: str) -> str:
    """Return the name of a network among `Hypervisor.problems`."""
    return f"network {name}"
