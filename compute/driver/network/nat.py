"""NAT networks whose DHCP server gives each NIC only the address that is reserved for it.

dnsmasq watches a folder of reservations, one file an address. It reads a new file at once, but notices a removed
one only on SIGHUP. A lease lasts until the NIC releases it, so we send that message for the NIC.
"""

import ipaddress
import os
import re
import signal
import socket
import struct
from pathlib import Path

import libvirt

from ..connection import connect
from ..errors import Conflict, InvalidGuest, translated
from ..files import write_atomic
from ..host.folders import check_reachable
from ..specs import Lease, NetworkSpec, Reservation
from ..xml.network import nat_network

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PID_FILES = Path("/run/libvirt/network")


class Network:
    """One libvirt network on one hypervisor."""

    def __init__(self, uri: str, spec: NetworkSpec) -> None:
        self.uri, self.spec = uri, spec

    def ensure(self) -> None:
        """Define, start and autostart the network, as far as necessary.

        Raise Conflict if another network has its name, bridge or addresses.
        """
        folder = self.spec.dhcp_folder
        with translated(f"Preparing network {self.spec.name}"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)  # dnsmasq reads it as a user of its own
            check_reachable(folder)
            try:
                network = self._network()
            except libvirt.libvirtError as error:
                if error.get_error_code() != libvirt.VIR_ERR_NO_NETWORK:
                    raise
                network = connect(self.uri).networkDefineXML(nat_network(self.spec).to_xml())
            if network.UUIDString() != self.spec.uuid:
                raise Conflict(f"The hypervisor already has another network called {self.spec.name}.")
            if not network.isActive():
                network.create()
            if not network.autostart():
                network.setAutostart(1)

    def reserve(self, mac: str, address: str, hostname: str) -> None:
        """Reserve `address` for `mac`, in place of another NIC. Raise InvalidGuest.

        A NIC has one address: release its old one first.
        """
        reservation = Reservation(mac=mac.lower(), address=address, hostname=hostname)
        self._check(reservation)
        file = self._file(address)
        with translated(f"Reserving {address} on network {self.spec.name}"):
            previous = _read(file)
            if previous == reservation:
                return
            if previous is not None:
                self.release(address)
            write_atomic(
                file, f"{reservation.mac},{reservation.address},{reservation.hostname}\n".encode(), mode=0o644
            )

    def release(self, address: str) -> None:
        """Delete the reservation and end the NIC's lease. Released is success."""
        file = self._file(address)
        released = file.with_name(f".{file.name}.released")  # so that an interrupted release is repeated
        with translated(f"Releasing {address} on network {self.spec.name}"):
            if file.exists():
                file.rename(released)
            previous = _read(released)
            if previous is None:
                return
            self._end_lease(previous)
            released.unlink(missing_ok=True)

    def reservations(self) -> list[Reservation]:
        """Return every reservation."""
        with translated(f"Reading the reservations of network {self.spec.name}"):
            reservations = [_read(file) for file in sorted(self.spec.dhcp_folder.glob("[0-9]*"))]
        return [reservation for reservation in reservations if reservation is not None]

    def leases(self) -> list[Lease]:
        """Return every lease. Raise NetworkNotFound."""
        with translated(f"Reading the leases of network {self.spec.name}"):
            return [
                Lease(
                    mac=lease["mac"],
                    address=lease["ipaddr"],
                    hostname=lease["hostname"] or "",
                    expires=lease["expirytime"],
                )
                for lease in self._network().DHCPLeases()
            ]

    def _network(self) -> libvirt.virNetwork:
        return connect(self.uri).networkLookupByName(self.spec.name)

    def _file(self, address: str) -> Path:
        return self.spec.dhcp_folder / str(ipaddress.IPv4Address(address))

    def _check(self, reservation: Reservation) -> None:
        if not _MAC.fullmatch(reservation.mac):
            raise InvalidGuest(f"{reservation.mac!r} is no MAC address; write it like 52:54:00:12:34:56.")
        if not _HOSTNAME.fullmatch(reservation.hostname):
            raise InvalidGuest(
                f"{reservation.hostname!r} is no host name; use lower-case letters, digits, hyphens."
            )
        subnet = ipaddress.IPv4Network(self.spec.cidr)
        reserved = (self.spec.gateway, str(subnet.network_address), str(subnet.broadcast_address))
        try:
            is_free = (
                ipaddress.IPv4Address(reservation.address) in subnet and reservation.address not in reserved
            )
        except ipaddress.AddressValueError:
            is_free = False
        if not is_free:
            raise InvalidGuest(
                f"{reservation.address} is no address for a guest of network {self.spec.cidr}."
            )

    def _end_lease(self, reservation: Reservation) -> None:
        """Make the DHCP server read the folder again and end the NIC's lease, if it has one."""
        process = _dnsmasq(self.spec.name)
        if process is None:  # not running: it reads the folder when it starts
            return
        os.kill(process, signal.SIGHUP)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(_dhcp_release(reservation, self.spec.gateway), (self.spec.gateway, 67))


def _read(file: Path) -> Reservation | None:
    try:
        mac, address, hostname = file.read_text().strip().split(",")
    except FileNotFoundError:
        return None
    return Reservation(mac=mac, address=address, hostname=hostname)


def _dnsmasq(network: str) -> int | None:
    """Return the pid of the network's DHCP server. Its command line must match, since a pid file may be stale."""
    try:
        process = int((_PID_FILES / f"{network}.pid").read_text())
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    return process if f"/{network}.conf".encode() in command else None


def _dhcp_release(reservation: Reservation, server: str) -> bytes:
    """Return the message by which a NIC releases its address (RFC 2131, DHCPRELEASE)."""
    hardware = bytes.fromhex(reservation.mac.replace(":", ""))
    address, gateway = socket.inet_aton(reservation.address), socket.inet_aton(server)
    header = struct.pack("!4B4s4x4s12x16s192x", 1, 1, 6, 0, os.urandom(4), address, hardware)
    magic, release, server_identifier, end = (
        b"\x63\x82\x53\x63",
        b"\x35\x01\x07",
        b"\x36\x04" + gateway,
        b"\xff",
    )
    return header + magic + release + server_identifier + end
