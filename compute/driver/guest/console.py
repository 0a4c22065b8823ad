"""A guest's serial console as a stream of bytes."""

import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

import libvirt

from ..connection import open_connection
from ..errors import DriverError, translated
from ..limited import within

CHUNK = 65536
OPEN_SECONDS = 10.0
WRITE_SECONDS = 5.0
WAITING_CHUNKS = 64  # then we stop reading, which blocks the guest's writes


class Console:
    """A guest's first serial port, for one reader thread and any number of writers.

    It has a connection of its own, so that closing it affects no other call. The event thread fills a queue, since
    libvirt's blocking read cannot be cancelled from another thread.
    """

    def __init__(self, uri: str, uuid: str) -> None:
        self._chunks: SimpleQueue[bytes] = SimpleQueue()
        self._unread = b""
        self._lock, self._close_lock = Lock(), Lock()
        self._paused = False
        self._closed = self._ended = False
        self._connection = open_connection(uri)
        try:
            within(OPEN_SECONDS, uri, uuid, lambda: self._open(uuid))
        except DriverError:
            self._in_background(self._connection.close)
            raise

    def _open(self, uuid: str) -> None:
        with translated(f"Opening the console of guest {uuid}"):
            domain = self._connection.lookupByUUIDString(uuid)
            self._stream = self._connection.newStream(libvirt.VIR_STREAM_NONBLOCK)
            domain.openConsole(None, self._stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
            self._stream.eventAddCallback(_READ, self._readable, None)

    def read(self, size: int = CHUNK) -> bytes:
        """Return output, waiting for it; b"" once the console has ended."""
        if self._ended:
            return b""  # also if libvirt brought something more while it was closed
        data = self._unread or self._chunks.get()
        self._unread = data[size:]
        if not data:
            self._ended = True
            self._chunks.put(b"")  # for whoever waits beside this reader
        elif self._paused and self._chunks.empty():
            self._resume()
        return data[:size]

    def write(self, data: bytes) -> None:
        """Write `data`. Raise DriverError if the console has ended or the guest takes no input."""
        deadline = time.monotonic() + WRITE_SECONDS
        with translated("Writing to the console"):
            while data:
                with self._lock:
                    if self._closed:
                        raise DriverError("Writing to the console failed: it has ended. Open it again.")
                    sent = self._stream.send(data)
                if sent > 0:
                    data = data[sent:]
                elif time.monotonic() > deadline:
                    raise DriverError("Writing to the console failed: the guest takes no input.")
                else:
                    time.sleep(0.01)

    def close(self) -> None:
        """End the console; a waiting read returns b"". It never blocks, and may be called again."""
        if not self._close_lock.acquire(blocking=False):
            return
        self._closed = True
        self._chunks.put(b"")
        self._in_background(self._end)

    def _end(self) -> None:
        with self._lock:
            try:
                self._stream.eventRemoveCallback()
                self._stream.abort()
            except libvirt.libvirtError:
                pass  # the guest or the connection ended it first
            finally:
                self._connection.close()

    @staticmethod
    def _in_background(function: Callable[[], object]) -> None:
        """Call libvirt in a thread of its own, since a call to a frozen libvirtd blocks until its keepalive fails."""
        Thread(target=function, name="end console", daemon=True).start()

    def _readable(self, stream: libvirt.virStream, events: int, opaque: Any) -> None:
        """Queue received data, or the end, on the event thread."""
        try:
            data = stream.recv(CHUNK)
        except libvirt.libvirtError:
            data = b""
        if data == -2:  # would block
            return
        if not data or self._chunks.qsize() >= WAITING_CHUNKS:
            self._paused = True
            stream.eventUpdateCallback(0)
        self._chunks.put(data)  # last, so that the reader sees the pause

    def _resume(self) -> None:
        with self._lock:
            if not self._closed:
                self._paused = False
                self._stream.eventUpdateCallback(_READ)


_READ = libvirt.VIR_STREAM_EVENT_READABLE | libvirt.VIR_STREAM_EVENT_ERROR | libvirt.VIR_STREAM_EVENT_HANGUP
