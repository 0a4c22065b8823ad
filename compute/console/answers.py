"""What other machines ask of a host: a picture of a guest's screen, the log of its serial port, how the host is.

Only signed requests are answered. Who may see what was decided by who signed: none of it asks the database but the
audit, which compares it with the host.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import DatabaseError, connections

from compute.console import host_audit, host_facts, logs
from compute.driver.errors import DriverError, GuestNotFound, GuestNotRunning
from compute.driver.guest.domain import Guest
from compute.engine.services import served_host
from compute.hosts.services import signatures

PATIENCE_SECONDS = 1.4
"""How long a picture may take, and before that its turn: the asker waits little longer than both (`questions.SECONDS`)."""

THREADS = 8
STATUSES: dict[type[Exception], int] = {GuestNotFound: 404, GuestNotRunning: 409}
"""All other faults are 503."""

Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to a web process."""

    content: bytes
    type: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def picture(instance_id: str, query: dict[str, str]) -> Answer:
    """Return the guest's screen as PNG."""
    guest = Guest(settings.LIBVIRT_URI, instance_id)
    return Answer(content=guest.screenshot(PATIENCE_SECONDS), type="image/png")


def console_log(instance_id: str, query: dict[str, str]) -> Answer:
    """Return the last `limit` bytes that the guest wrote to its serial port."""
    end = logs.end(instance_id, int(query["limit"]))
    headers = {"X-Log-Tag": end.tag, "X-Log-Size": str(end.size)}
    return Answer(content=end.content, type="application/octet-stream", headers=headers)


def facts(query: dict[str, str]) -> Answer:
    """Return how the host itself is."""
    return Answer(content=json.dumps(host_facts.read()).encode(), type="application/json")


def differences(query: dict[str, str]) -> Answer:
    """Return what is not as the rows say, as pairs of a thing and a sentence."""
    try:
        rows = host_audit.differences()
    finally:
        connections.close_all()
    return Answer(content=json.dumps(rows).encode(), type="application/json")


_INSTANCE = "/instances/([0-9a-f-]{36})"
_ROUTES: dict[re.Pattern[str], Callable[..., Answer]] = {
    re.compile(f"{_INSTANCE}/picture"): picture,
    re.compile(f"{_INSTANCE}/log"): console_log,
    re.compile("/facts"): facts,
    re.compile("/differences"): differences,
}
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="answer")


async def http(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """Answer one HTTP request, as an ASGI application."""
    loop = asyncio.get_running_loop()
    answer = await loop.run_in_executor(_threads, _answer, scope)
    headers = {"content-type": answer.type, "content-length": str(len(answer.content)), **answer.headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.content})


def _answer(scope: dict[str, Any]) -> Answer:
    if not _is_signed(scope):
        return _fault(403, "forbidden", "This request is not signed by this installation.")
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    for pattern, answer in _ROUTES.items():
        if match := pattern.fullmatch(scope["path"]):
            return _attempt(partial(answer, *match.groups(), query=query))
    return _fault(404, "not_found", "There is no such address on this host.")


def _attempt(answer: Callable[[], Answer]) -> Answer:
    try:
        return answer()
    except (DriverError, PermissionError, DatabaseError) as error:
        code = error.code if isinstance(error, DriverError) else "unreadable"
        return _fault(STATUSES.get(type(error), 503), code, str(error))
    except (KeyError, ValueError) as error:
        return _fault(400, "bad_request", f"The query cannot be used: {error}")


def _is_signed(scope: dict[str, Any]) -> bool:
    host_id = served_host.host_id()
    signature = dict(scope["headers"]).get(signatures.HEADER.lower().encode(), b"")
    target = scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    return host_id is not None and signatures.is_good(
        signature.decode("latin-1"), scope["method"], host_id, target
    )


def _fault(status: int, code: str, message: str) -> Answer:
    body = json.dumps({"code": code, "message": message}).encode()
    return Answer(content=body, type="application/json", status=status)
