"""Ports for servers that tests start."""

import random
import socket
from contextlib import closing
from pathlib import Path

LOWEST = 10_000
CLIENTS = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
"""The first port that connections of clients take, of which there are thousands beside a test."""


def free_port(count: int = 1) -> int:
    """The first of so many that nobody listened on a moment ago, and that no client will take in the meantime."""
    while True:
        first = random.randrange(LOWEST, CLIENTS - count)
        if all(map(_is_free, range(first, first + count))):
            return first


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
