"""Names and limits in the rows of hosts, for processes that never ask the host itself."""

STORAGE = "storage"
"""The storage pool among `Hypervisor.problems`."""


def network_part(name: str) -> str:
    """Return the name of a network among `Hypervisor.problems`."""
    return f"network {name}"
