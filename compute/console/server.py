"""websockify's proxy of screens, on a unix socket or a port, one thread a connection.

websockify keeps the target of a connection on the server that it is given. Here each connection is given a `Server` of
its own, so that no thread sends one person's keys to another's machine.
"""

import os
import select
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import BaseServer, TCPServer, ThreadingMixIn, UnixStreamServer
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from websockify.auth_plugins import AuthenticationError
from websockify.websocketproxy import ProxyRequestHandler

from compute.console.plugins import OneUseTokens, OwnOrigin, Pass

log = structlog.get_logger(__name__)

SOCKET_MODE = 0o600
SEND_BUFFER = 2 * 1024 * 1024
MOST = 300
"""Connections at a time. Each has three descriptors, and select(2) knows the first 1,024."""
LONGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes; the longest are clipboards, of which QEMU takes 1 MiB at most."""
POLICY_VIOLATION, TOO_LONG = 1008, 1009
LOOK_SECONDS = 1
"""How often a connection looks whether its pass still holds, which costs next to nothing."""
PING_SECONDS = 25
LINGER_SECONDS = 2
"""How long a client may take to read why its connection ends."""


class Withdrawn(Exception):
    """The right to see the screen has ended."""


class PatientSocket:
    """A guest's socket that is read only while the client takes what was read before.

    websockify itself reads on, and keeps in memory whatever a slow client has not taken yet.
    """

    def __init__(
        self, target: socket.socket, client: socket.socket, held: Pass | None, seconds: float
    ) -> None:
        self._target = target
        self._client = client
        self._held = held
        self._seconds = seconds

    def fileno(self) -> int:
        return self._target.fileno()

    def recv(self, size: int) -> bytes:
        """Raise TimeoutError for a client that takes nothing for so many seconds, Withdrawn as soon as it may not."""
        rights = [self._held] if self._held else []
        withdrawn, ready, _failed = select.select(rights, [self._client], [], self._seconds)
        if withdrawn:
            raise Withdrawn
        if not ready:
            raise TimeoutError("The client takes nothing.")
        return self._target.recv(size)

    def send(self, data: bytes) -> int:
        return self._target.send(data)


class ConsoleHandler(ProxyRequestHandler):
    """One connection, in a thread of its own."""

    timeout = 60
    """Seconds; ends a client that takes nothing for so long, and one that never finishes its request."""

    buffer_size = 512 * 1024
    """Bytes moved at a time: half of what nginx takes at once, so that the two seldom wait for each other."""

    held: Pass | None = None
    pinged_at = 0.0

    def validate_connection(self) -> None:
        """Origin first, so that a foreign page cannot use up a token; then where the token leads."""
        super().auth_connection()
        super().validate_connection()

    def auth_connection(self) -> None:
        """Done before the token was looked up."""

    def get_target(self, target_plugin: OneUseTokens) -> tuple[str, str]:
        """The token's target. Every kind of wrong token gets the same answer as a foreign page."""
        token = _token(self.path)
        self.held = target_plugin.lookup(token) if token else None
        if self.held is None:
            refusal = AuthenticationError(response_msg="Forbidden")
            self.send_auth_error(refusal)
            raise refusal
        return "unix_socket", self.held.screen

    def send_auth_error(self, ex: AuthenticationError) -> None:
        """An empty answer and the end: some clients would read a body as their first frame."""
        self.close_connection = True
        self.send_response(ex.code, ex.msg)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def new_websocket_client(self) -> None:
        """Carry bytes until either side ends it or the pass is withdrawn."""
        screen = Path(self.server.unix_target).name
        log.info("console opened", screen=screen)
        try:
            super().new_websocket_client()
        finally:
            log.info("console closed", screen=screen)
            if self.held is not None:
                self.held.give_back()

    def do_proxy(self, target: socket.socket) -> None:
        try:
            super().do_proxy(PatientSocket(target, self.request, self.held, self.timeout))
        except Withdrawn as error:
            raise self._closed() from error

    def recv_frames(self) -> tuple[list[bytes], dict[str, Any] | bool]:
        """Return what the client has sent, and why it is over if it is.

        websockify only tells a client that breaks the protocol, and waits for the end of what never ends.
        """
        messages, closed = super().recv_frames()
        websocket = self.request
        if not closed and websocket.close_code is not None:
            closed = {"code": websocket.close_code, "reason": websocket.close_reason}
            log.info("a console's client broke the protocol", screen=Path(self.server.unix_target).name)
        if len(websocket._recv_buffer) + len(websocket._partial_msg) > LONGEST_MESSAGE:
            log.info("a console's client sent too much", screen=Path(self.server.unix_target).name)
            raise self.CClose(TOO_LONG, "This message is too long.")
        return messages, closed

    def send_ping(self, data: bytes = b"") -> None:
        """websockify's heartbeat: look whether the pass still holds, and sometimes ping the client."""
        if self.held is not None and self.held.withdrawn:
            raise self._closed()
        if time.monotonic() > self.pinged_at + PING_SECONDS:
            self.pinged_at = time.monotonic()
            super().send_ping(data)

    def send_close(self, code: int = 1000, reason: str = "") -> None:
        """Say why it ends, and wait until the client has closed too.

        What it sent and nobody has read would otherwise reset the connection, and the reason would be lost.
        """
        super().send_close(code, reason)
        if (client := self.request.socket) is not None:
            with suppress(OSError):
                _linger(client)

    def _closed(self) -> Exception:
        closed: Exception = self.CClose(POLICY_VIOLATION, "This console was closed.")
        return closed

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Nothing: websockify's lines contain the path, and so the token."""


@dataclass(slots=True)
class Server:
    """What websockify asks the server of one connection, and where it keeps the target."""

    unix_listen: bool
    unix_target: str = ""
    target_host: str | None = None
    target_port: int | None = None
    wrap_cmd: None = None
    ssl_target: bool = False
    only_upgrade: bool = True
    ws_connection: bool = False
    heartbeat: int = LOOK_SECONDS
    token_plugin: OneUseTokens = field(default_factory=OneUseTokens)
    auth_plugin: OwnOrigin = field(default_factory=OwnOrigin)


class ConsoleProxy(ThreadingMixIn, BaseServer):
    """The listening side. It never opens the database (`compute.console.passes`)."""

    daemon_threads = True
    request_queue_size = 100
    address_family: int

    def start(self) -> None:
        """Serve until the process ends, and all connections with it."""
        self._vacant = BoundedSemaphore(MOST)
        log.info("console proxy listens", where=str(self.server_address))
        self.serve_forever(poll_interval=3600)  # nothing asks it to end before

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Return whether there is room for one more."""
        if self._vacant.acquire(blocking=False):
            return True
        log.warning("too many consoles are open", most=MOST)
        return False

    def process_request(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started, so none will give the place back
            self._vacant.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._vacant.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        is_unix = self.address_family == socket.AF_UNIX
        if is_unix:  # its buffer does not grow by itself as TCP's does
            request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        ConsoleHandler(request, client_address, Server(unix_listen=is_unix))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log one line; nothing of a wrong token, which whoever sent it has been told of."""
        error = sys.exception()
        if not isinstance(error, AuthenticationError):
            log.info("console connection failed", error=repr(error))


class SocketProxy(ConsoleProxy, UnixStreamServer):
    """On a unix socket that only its owner may use."""

    def __init__(self, listen: Path) -> None:
        listen.unlink(missing_ok=True)
        super().__init__(os.fspath(listen), ConsoleHandler)

    def server_bind(self) -> None:
        before = os.umask(0o777 ^ SOCKET_MODE)
        try:
            super().server_bind()
        finally:
            os.umask(before)


class PortProxy(ConsoleProxy, TCPServer):
    allow_reuse_address = True

    def __init__(self, listen: tuple[str, int]) -> None:
        self.address_family = socket.AF_INET6 if ":" in listen[0] else socket.AF_INET
        super().__init__(listen, ConsoleHandler)


def proxy(listen: Path | tuple[str, int]) -> ConsoleProxy:
    """Return a proxy that listens there, and serves once it is started. Raise OSError."""
    return SocketProxy(listen) if isinstance(listen, Path) else PortProxy(listen)


def _linger(client: socket.socket) -> None:
    """Drop what still comes until the client has closed, or has had its time. Raise OSError."""
    client.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + LINGER_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([client], [], [], left)[0] or not client.recv(SEND_BUFFER):
            return


def _token(path: str) -> str:
    """The token in a path such as /console/?token=…; empty when there is none."""
    return parse_qs(urlsplit(path).query).get("token", [""])[0]
