"""One cached libvirt connection per process and address."""

import os
import socket
from collections import defaultdict
from threading import Lock
from urllib.parse import urlsplit

import libvirt

from .errors import HypervisorUnreachable, translated

PROBE_SECONDS = 2.0
KEEPALIVE_SECONDS, KEEPALIVE_COUNT = 3, 3
_PORTS = {"tcp": 16509, "tls": 16514, "ssh": 22}

_connections: dict[str, libvirt.virConnect] = {}
_locks: defaultdict[str, Lock] = defaultdict(Lock)
_keepalive = False

# libvirt prints every error to stderr by itself; ours travel as exceptions.
libvirt.registerErrorHandler(lambda context, error: None, None)


def connect(uri: str) -> libvirt.virConnect:
    """An open, living connection to `uri`, shared by the threads of this process.

    Raises HypervisorUnreachable.
    """
    with _locks[uri]:
        known = _connections.get(uri)
        if known is not None and _answers(known):
            return known
        _connections[uri] = opened = open_connection(uri)
        return opened


def open_connection(uri: str) -> libvirt.virConnect:
    """A connection of the caller's own, who closes it. Raises HypervisorUnreachable."""
    _probe(uri)
    with translated(f"Connecting to hypervisor {uri}"):
        opened = libvirt.open(uri)
        if _keepalive and urlsplit(uri).scheme != "test":  # libvirt's test driver has no wire to watch
            opened.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT)
        return opened


def use_keepalives() -> None:
    """From now on notice silently dead hosts; only with a running event loop, which answers the pings."""
    global _keepalive
    _keepalive = True


def close_all() -> None:
    """Close every cached connection of this process."""
    while _connections:
        _, connection = _connections.popitem()
        try:
            connection.close()
        except libvirt.libvirtError:
            continue  # it was dead already


def _answers(connection: libvirt.virConnect) -> bool:
    """A round trip: without an event loop, isAlive() alone does not notice that the daemon has gone."""
    try:
        return bool(connection.isAlive() and connection.getLibVersion())
    except libvirt.libvirtError:
        return False


def _probe(uri: str) -> None:
    """Fail fast: libvirt waits half a minute for a host that drops packets."""
    parts = urlsplit(uri)
    port = parts.port or _PORTS.get(parts.scheme.partition("+")[2] or ("tls" if parts.hostname else ""))
    if not parts.hostname or not port:
        return
    try:
        socket.create_connection((parts.hostname, port), PROBE_SECONDS).close()
    except OSError as error:
        reason = error.strerror or "no answer"
        raise HypervisorUnreachable(
            f"Connecting to hypervisor {uri} failed: {parts.hostname} port {port} does not answer ({reason})."
        ) from error


def _abandon_after_fork() -> None:
    """A child must neither use nor close its parent's connections: closing would end the parent's session."""
    global _keepalive
    for connection in _connections.values():
        connection._o = None
    _connections.clear()
    _locks.clear()
    _keepalive = False


os.register_at_fork(after_in_child=_abandon_after_fork)
