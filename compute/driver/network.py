"""A NAT network whose DHCP server gives each card exactly the address reserved for it."""

from .specs import Lease, NetworkSpec, Reservation


class Network:
    """One libvirt network on one hypervisor."""

    def __init__(self, uri: str, spec: NetworkSpec) -> None:
        self.uri, self.spec = uri, spec

    def ensure(self) -> None:
        """Define, start and autostart the network; what is right already is left alone."""
        raise NotImplementedError

    def remove(self) -> None:
        """Stop and forget the network and its reservations; already gone is success."""
        raise NotImplementedError

    def reserve(self, mac: str, address: str, hostname: str) -> None:
        """Promise `address` to `mac`, in place of whatever the address was promised to before."""
        raise NotImplementedError

    def release(self, address: str) -> None:
        """Take the promise back; already gone is success."""
        raise NotImplementedError

    def reservations(self) -> list[Reservation]:
        """Every promise in force."""
        raise NotImplementedError

    def leases(self) -> list[Lease]:
        """Every address taken now."""
        raise NotImplementedError
