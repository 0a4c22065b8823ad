"""Requests of web processes to hosts' console processes, within a short time.

A web process has few threads for many hosts. One that does not answer costs a few threads for a few seconds. Then
it is spared for a while, and tried again by one request at a time.
"""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage
from threading import BoundedSemaphore
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.errors import MeridianError, Unavailable
from compute.engine.services.breaker import Breaker
from compute.hosts.models import Hypervisor
from compute.hosts.services import console_addresses, signatures
from compute.hosts.services.console_addresses import Part

SECONDS = 3.0
"""How long a question may usually take, from connecting to the answer's last byte."""

TURN_SECONDS = 0.5
"""How long a question waits for its turn."""

AT_ONCE = 4
"""Questions to one host at the same time."""

SPARED_SECONDS = 5.0
CHUNK = 256 * 1024
UNREACHABLE = "hypervisor_unreachable"
"""The code with which a console process says that its libvirt does not answer."""


class Refused(MeridianError):
    """The host has no such guest, or its state does not allow the request; `code` says which."""

    status = 409

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The body and headers of a host's answer."""

    content: bytes
    headers: HTTPMessage


def ask(host: Hypervisor, target: str, seconds: float | None = None) -> Answer:
    """Return the host's answer to a GET of `target`, within `SECONDS` unless told. Raise Refused, Unavailable."""
    with _turn(host) as line:
        deadline = time.monotonic() + (seconds or SECONDS)
        try:
            status, answer = _get(host, target, deadline)
        except (OSError, HTTPException, TimeoutError) as error:
            line.failed()
            raise _silent(host) from error
        if status == 200:
            line.answered()
            return answer
        fault = _fault(answer)
        if fault.code == UNREACHABLE:
            line.failed()
        else:
            line.answered()
        if status in (404, 409):
            raise fault
        raise Unavailable(str(fault))


class _Line:
    """The requests of this process to one host."""

    def __init__(self) -> None:
        self.places = BoundedSemaphore(AT_ONCE)
        self._breaker = Breaker(SPARED_SECONDS)
        self._is_suspect = False

    def may_ask(self) -> bool:
        """Return whether to ask the host. After a failure, one request at a time may try."""
        if self._breaker.is_open:
            return False
        if self._is_suspect:
            self._breaker.trip()
        return True

    def failed(self) -> None:
        self._is_suspect = True
        self._breaker.trip()

    def answered(self) -> None:
        self._is_suspect = False
        self._breaker.reset()


_lines: dict[UUID, _Line] = {}
_threads = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))
"""Half of the threads remain for pages, however many hosts do not answer."""


def forget() -> None:
    """Forget which hosts did not answer."""
    _lines.clear()


@contextmanager
def _turn(host: Hypervisor) -> Iterator[_Line]:
    """Wait shortly for a place among the requests in progress. Raise Unavailable."""
    line = _lines.setdefault(host.pk, _Line())
    if not line.places.acquire(timeout=TURN_SECONDS):
        raise _silent(host)
    try:
        if not _threads.acquire(timeout=TURN_SECONDS):
            raise Unavailable(_("Too many hosts are slow to answer. Try again shortly."))
        try:
            if not line.may_ask():
                raise _silent(host)
            yield line
        finally:
            _threads.release()
    finally:
        line.places.release()


class _LocalConnection(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("host", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(host: Hypervisor) -> HTTPConnection:
    if console_addresses.is_here(host):
        return _LocalConnection(str(Part.HOST.socket), SECONDS)
    if not host.console_address:
        raise ConnectionError("the host has not told where its console process listens")
    ip, port = Part.HOST.address(host.console_address)
    return HTTPConnection(ip, port, timeout=SECONDS)


def _get(host: Hypervisor, target: str, deadline: float) -> tuple[int, Answer]:
    """Return status and answer. Raise OSError or HTTPException if none comes before the deadline."""
    connection = _connection(host)
    try:
        headers = {signatures.HEADER: signatures.sign("GET", host.pk, target)}
        connection.request("GET", target, headers=headers)
        wire = connection.sock  # `getresponse` forgets it
        wire.settimeout(_seconds_left(deadline))
        response = connection.getresponse()
        content = bytearray()
        while True:
            wire.settimeout(_seconds_left(deadline))
            part = response.read1(CHUNK)
            if not part:
                break
            content += part
        return response.status, Answer(content=bytes(content), headers=response.headers)
    finally:
        connection.close()


def _seconds_left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _fault(answer: Answer) -> Refused:
    try:
        body = json.loads(answer.content)
        return Refused(str(body["code"]), str(body["message"]))
    except (ValueError, KeyError, TypeError):
        return Refused("error", _("The host answered in a way that we do not understand."))


def _silent(host: Hypervisor) -> Unavailable:
    return Unavailable(_("Host %(host)s does not answer. Try again shortly.") % {"host": host.name})
