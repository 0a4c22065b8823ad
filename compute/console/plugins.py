"""What websockify asks us: where a token leads, and whether a page may open a connection at all."""

import os
import select
import socket
import time
from email.message import Message
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http.request import validate_host
from websockify.auth_plugins import AuthenticationError

from compute.console import passes

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 15
START_SECONDS = 5


class Pass:
    """The right of one connection, which lasts as long as this connection to the host's process (`passes`).

    `screen` is the path of the screen's socket, empty if the token is wrong.
    """

    def __init__(self, token: str) -> None:
        """Ask for the pass. Raise OSError."""
        self._socket = _connected()
        self._socket.sendall(f"{token}\n".encode())
        with self._socket.makefile() as answer:
            self.screen = answer.readline().strip()

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def withdrawn(self) -> bool:
        """Return whether the other side has closed it."""
        return bool(select.select([self], [], [], 0)[0])

    def give_back(self) -> None:
        self._socket.close()


def _connected() -> socket.socket:
    """Return a connection to the host's process, which starts together with the proxy. Raise OSError."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(os.fspath(passes.socket_path()))
        except OSError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return connection


class OneUseTokens:
    """Token plugin: a token leads to its instance's screen once."""

    def lookup(self, token: str) -> Pass | None:
        """Return the pass of a valid token, else None."""
        try:
            held = Pass(token)
        except OSError as error:
            log.warning("the host's process does not answer", error=str(error))
            return None
        if held.screen:
            return held
        held.give_back()
        return None


class OwnOrigin:
    """Auth plugin: browsers must come from our own pages.

    A client that sends no Origin is no browser; its token decides.
    """

    def authenticate(self, headers: "Message[str, str]", target_host: str, target_port: str) -> None:
        """Raise AuthenticationError for a foreign Origin, `null` included."""
        origins = headers.get_all("Origin", [])
        if origins and (len(origins) > 1 or not is_own(origins[0], headers.get("Host", ""))):
            raise AuthenticationError(response_msg="Forbidden")


def is_own(origin: str, host: str) -> bool:
    """Whether `origin` is the public address, or equals the `Host` asked for if that is an allowed one.

    Scheme and port always count: http://cloud.example and https://cloud.example are not the same site.
    """
    if origin == settings.PUBLIC_URL:
        return True
    public = urlsplit(settings.PUBLIC_URL)
    try:
        parts = urlsplit(origin)
        same_port = parts.port == public.port
    except ValueError:
        return False
    return (
        origin == f"{public.scheme}://{host}"
        and same_port
        and validate_host(_bracketed(parts.hostname or ""), settings.ALLOWED_HOSTS)
    )


def _bracketed(hostname: str) -> str:
    """IPv6 addresses in the form that ALLOWED_HOSTS has them."""
    return f"[{hostname}]" if ":" in hostname else hostname
