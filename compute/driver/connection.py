"""Connections to libvirt. A process has a pool for each URI, from which each thread takes its own connection.

Threads must not share one: if its daemon dies or freezes under two calls, libvirt 9 hangs or crashes the process.

No call blocks for ever. Keepalives fail the calls to a dead or frozen libvirtd after 20 seconds. A connection is
opened in a thread of its own, with a time limit. While an attempt is overdue, others fail at once.
"""

import os
import socket
import time
from concurrent.futures import Future
from threading import RLock, Thread, local
from urllib.parse import urlsplit
from weakref import WeakSet

import libvirt

from . import event_loop
from .errors import DriverError, HypervisorUnreachable, translated

PROBE_SECONDS = 2.0
OPEN_SECONDS = 10.0
KEEPALIVE_SECONDS, KEEPALIVE_COUNT = 5, 3
MOST_IDLE = 4
_PORTS = {"tcp": 16509, "tls": 16514, "ssh": 22}

# libvirt prints every error to stderr by itself; we raise exceptions.
libvirt.registerErrorHandler(lambda context, error: None, None)


def connect(uri: str) -> libvirt.virConnect:
    """Return this thread's connection to `uri`. Raise HypervisorUnreachable."""
    connections: dict[str, _PooledConnection] = _local.__dict__
    pooled = connections.get(uri)
    if pooled is None or not _is_alive(pooled.connection):
        pooled = connections[uri] = _PooledConnection(_connection_pool(uri))
    return pooled.connection


def open_connection(uri: str) -> libvirt.virConnect:
    """Return a new connection, which the caller closes. Raise HypervisorUnreachable."""
    return _connection_pool(uri).open()


def close_all() -> None:
    """Close this thread's connections and the idle ones."""
    _local.__dict__.clear()
    for pool in list(_pools.values()):
        pool.close_idle()


class _Attempt:
    """One attempt to open a connection, in a thread of its own, since libvirt cannot cancel it."""

    def __init__(self, pool: "_ConnectionPool") -> None:
        self.pool = pool
        self.deadline = time.monotonic() + OPEN_SECONDS
        self.future: Future[libvirt.virConnect] = Future()
        self.is_abandoned = False

    def start(self) -> None:
        Thread(target=self._open, name=f"open {self.pool.uri}", daemon=True).start()

    def result(self) -> libvirt.virConnect:
        """Return the connection. Raise HypervisorUnreachable if the attempt failed or timed out."""
        try:
            return self.future.result(max(0.0, self.deadline - time.monotonic()))
        except TimeoutError as error:
            raise HypervisorUnreachable(
                f"Connecting to hypervisor {self.pool.uri} failed: its libvirt daemon does not answer. "
                "Restart the daemon on that host if this lasts."
            ) from error

    def _open(self) -> None:
        connection = fault = None
        try:
            connection = _open(self.pool.uri)
        except DriverError as error:
            fault = error
        finally:
            self.pool.finish(self, connection, fault)


class _ConnectionPool:
    """The idle connections to one URI, and the attempt to open one."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        # Held for a few assignments, never for a call to libvirt. The collector may release a connection meanwhile.
        self._lock = RLock()
        self._idle: list[libvirt.virConnect] = []
        self._attempt: _Attempt | None = None

    def acquire(self) -> libvirt.virConnect:
        """Return a live connection for one thread. Raise HypervisorUnreachable."""
        while (connection := self._pop()) is not None:
            if _is_alive(connection):
                return connection
        return self.open()

    def release(self, connection: libvirt.virConnect) -> None:
        """Return a connection to the pool, unless enough are idle."""
        if _is_alive(connection):
            with self._lock:
                if len(self._idle) < MOST_IDLE:
                    self._idle.append(connection)

    def open(self) -> libvirt.virConnect:
        """Open a connection, one at a time. Raise HypervisorUnreachable, at once while an attempt is overdue."""
        while True:
            with self._lock:
                earlier = self._attempt
                if earlier is None:
                    attempt = self._attempt = _Attempt(self)
            if earlier is not None:
                earlier.result()
                continue
            attempt.start()
            try:
                return attempt.result()
            except HypervisorUnreachable:
                with self._lock:
                    attempt.is_abandoned = True
                    if not attempt.future.done() or attempt.future.exception() is not None:
                        raise
                return attempt.future.result()

    def finish(
        self, attempt: _Attempt, connection: libvirt.virConnect | None, fault: DriverError | None
    ) -> None:
        """Record the result of an attempt. A late connection becomes idle."""
        with self._lock:
            self._attempt = None
            if connection is None:
                attempt.future.set_exception(
                    fault or HypervisorUnreachable(f"Connecting to {self.uri} failed.")
                )
                return
            if attempt.is_abandoned:
                self._idle.append(connection)
            attempt.future.set_result(connection)

    def close_idle(self) -> None:
        while (connection := self._pop()) is not None:
            try:
                connection.close()
            except libvirt.libvirtError:
                continue  # its daemon is dead

    def _pop(self) -> libvirt.virConnect | None:
        with self._lock:
            return self._idle.pop() if self._idle else None


class _PooledConnection:
    """A connection that one thread has; the end of the thread releases it."""

    def __init__(self, pool: _ConnectionPool) -> None:
        self._pool = pool
        self.connection = pool.acquire()

    def __del__(self) -> None:
        if connection := self.__dict__.get("connection"):
            self._pool.release(connection)


_local = local()
_pools: dict[str, _ConnectionPool] = {}
_connections: WeakSet[libvirt.virConnect] = WeakSet()


def _connection_pool(uri: str) -> _ConnectionPool:
    pool = _pools.get(uri)
    return pool if pool is not None else _pools.setdefault(uri, _ConnectionPool(uri))


def _open(uri: str) -> libvirt.virConnect:
    _probe(uri)
    with translated(f"Connecting to hypervisor {uri}"):
        event_loop.start()
        connection = libvirt.open(uri)
        if urlsplit(uri).scheme != "test":  # libvirt's test driver has no wire to watch
            connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT)
    _connections.add(connection)
    return connection


def _is_alive(connection: libvirt.virConnect) -> bool:
    """Return whether the connection is open, without a call: the event loop notices when it closes."""
    try:
        return bool(connection.isAlive())
    except libvirt.libvirtError:
        return False


def _probe(uri: str) -> None:
    """Raise HypervisorUnreachable if the port does not answer; libvirt would wait half a minute."""
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
    """Forget the parent's connections in a forked child: closing one would end the parent's session."""
    global _local
    for connection in list(_connections):
        connection._o = None
    _connections.clear()
    _pools.clear()
    _local = local()


os.register_at_fork(after_in_child=_abandon_after_fork)
