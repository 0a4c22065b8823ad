"""websockify's forking proxy of screens, on a unix socket or a port, one child a connection.

Forking only: websockify keeps the target of a connection on the shared server object, so that its threaded
server may send one person's keys to another's machine.
"""

import gc
import multiprocessing
import os
import select
import signal
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from websockify.auth_plugins import AuthenticationError
from websockify.websocketproxy import ProxyRequestHandler, WebSocketProxy

from compute.console.plugins import OneUseTokens, OwnOrigin, Pass
from compute.engine.services import processes

log = structlog.get_logger(__name__)

SOCKET_MODE = 0o600
SEND_BUFFER = 2 * 1024 * 1024
POLICY_VIOLATION = 1008
LOOK_SECONDS = 1
"""How often a connection looks whether its pass still holds, which costs next to nothing."""
PING_SECONDS = 25


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
    """One connection, in a process of its own."""

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

    def send_ping(self, data: bytes = b"") -> None:
        """websockify's heartbeat: look whether the pass still holds, and sometimes ping the client."""
        if self.held is not None and self.held.withdrawn:
            raise self._closed()
        if time.monotonic() > self.pinged_at + PING_SECONDS:
            self.pinged_at = time.monotonic()
            super().send_ping(data)

    def _closed(self) -> Exception:
        closed: Exception = self.CClose(POLICY_VIOLATION, "This console was closed.")
        return closed

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Nothing: websockify's lines contain the path, and so the token."""


class ConsoleProxy(WebSocketProxy):
    """The listening process. Neither it nor its children open the database (`compute.console.passes`)."""

    def __init__(self, listen: Path | tuple[str, int]) -> None:
        multiprocessing.set_start_method("fork", force=True)
        where: dict[str, Any]
        if isinstance(listen, Path):
            where = {"unix_listen": str(listen), "unix_listen_mode": SOCKET_MODE}
        else:
            where = {"listen_host": listen[0], "listen_port": listen[1]}
        self.where = str(listen)
        super().__init__(
            ConsoleHandler,
            **where,
            token_plugin=OneUseTokens(),
            auth_plugin=OwnOrigin(),
            heartbeat=LOOK_SECONDS,
        )

    def started(self) -> None:
        """Children share what is loaded by now, as long as the collector does not touch it."""
        gc.collect()
        gc.freeze()
        self.pid = os.getpid()
        log.info("console proxy listens", where=self.where)

    def top_new_client(self, startsock: socket.socket, address: list[str]) -> None:
        """In the child: a signal, or the end of the parent, ends it at once, whatever it is doing."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        processes.end_with(self.pid)
        if startsock.family == socket.AF_UNIX:  # its buffer does not grow by itself as TCP's does
            startsock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().top_new_client(startsock, address)

    def do_SIGTERM(self, sig: int, stack: object) -> None:  # noqa: N802 - the name in websockify
        """SystemExit, since websockify's own exception could be swallowed where any exception is caught."""
        raise SystemExit

    do_SIGINT = do_SIGTERM  # noqa: N815


def _token(path: str) -> str:
    """The token in a path such as /console/?token=…; empty when there is none."""
    return parse_qs(urlsplit(path).query).get("token", [""])[0]
