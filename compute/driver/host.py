"""What a hypervisor is and how busy it is."""

from .specs import HostFacts, HostLoad


def facts(uri: str) -> HostFacts:
    """Identity and size of the hypervisor. Raises HypervisorUnreachable."""
    raise NotImplementedError


def load(uri: str) -> HostLoad:
    """Free memory and processor times. Raises HypervisorUnreachable."""
    raise NotImplementedError
