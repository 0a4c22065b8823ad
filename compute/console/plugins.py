"""What websockify asks us: where a token leads, and whether a page may open a connection at all."""

from collections.abc import Callable
from email.message import Message
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import DatabaseError, connections
from django.http.request import validate_host
from websockify.auth_plugins import AuthenticationError

from compute.engine.services import served_host
from compute.instances.services import consoles, guests

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")


class OneUseTokens:
    """Token plugin: a token leads to its instance's screen once."""

    def lookup(self, token: str) -> tuple[str, str] | None:
        """websockify's ("unix_socket", path), or None."""
        target = _ask(_screen_of, token)
        return ("unix_socket", target) if target else None


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


def _screen_of(token: str) -> str | None:
    """Return the path of the screen's socket on this host, using the token up."""
    instance = consoles.redeem(token, served_host.host_id())
    return str(guests.vnc_socket(instance)) if instance else None


def renew(token: str) -> bool | None:
    """`consoles.renew`; None when the database does not answer."""
    return _ask(consoles.renew, token)


def give_back(token: str) -> None:
    """`consoles.revoke`; left undone, the pass ends by itself."""
    _ask(consoles.revoke, token)


def _ask(question: Callable[[str], Answer], token: str) -> Answer | None:
    """The answer from the database; None when there is none.

    Asked in a process of its own, which takes the memory that queries need away with it: a connection that
    lives for hours stays small.
    """
    receiver, sender = Pipe(duplex=False)
    process = Process(target=_answer, args=[question, token, sender])
    process.start()
    sender.close()
    try:
        answer: Answer = receiver.recv()
    except EOFError:
        return None
    finally:
        process.join()
    return answer


def _answer(question: Callable[[str], Any], token: str, sender: Connection) -> None:
    try:
        sender.send(question(token))
    except DatabaseError as error:
        log.warning("the database does not answer", question=question.__name__, error=str(error))
    finally:
        connections.close_all()
