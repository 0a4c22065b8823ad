"""Passes of open screens: each connection of a screen's proxy holds its pass by a connection to this process.

The proxy sends the token, and reads the path of the screen's socket or an empty line. The connection is then
its right to go on: this process closes it as soon as the right is withdrawn, and gives the pass back when the proxy
closes it. So a connection needs no database of its own, however long it lives.
"""

import asyncio
import os
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from accounts.services.tokens import current_mark
from compute.engine.services import served_host
from compute.instances.services import consoles, guests

T = TypeVar("T")

log = structlog.get_logger(__name__)

SOCKET_MODE = 0o600
LOOK_SECONDS = 2
"""How often passes are compared with their rows, by two queries for all of them."""
LONGEST_TOKEN = 128
FIRST_LINE_SECONDS = 10


def socket_path() -> Path:
    return Path(settings.RUN_DIR / "passes.sock")


class Passes:
    """The passes that are held now."""

    def __init__(self) -> None:
        self._held: dict[str, StreamWriter] = {}
        self._mark = ""
        self._renewed_at = self._answered_at = time.monotonic()
        # One thread, and so one connection to the database, for all of them.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passes")

    async def serve(self) -> None:
        """Serve until cancelled."""
        where = socket_path()
        where.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._hold, os.fspath(where))
        where.chmod(SOCKET_MODE)
        async with server:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await self._look()

    async def _hold(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer one connection of the proxy, and hold its pass until either side ends it."""
        token = ""
        try:
            async with asyncio.timeout(FIRST_LINE_SECONDS):
                token = (await reader.readline()).decode("ascii", "replace").strip()[:LONGEST_TOKEN]
            target = await self._ask(_redeem, token) if token else None
            writer.write(f"{target or ''}\n".encode())
            if target is None:
                return
            self._held[token] = writer
            self._mark = ""  # rights may have changed since the token was checked
            await reader.read()
        except (OSError, TimeoutError):
            pass
        except DatabaseError as error:
            log.warning("the database does not answer", error=str(error))
        finally:
            writer.close()
            if self._held.pop(token, None) is not None:
                await self._give_back(token)

    async def _give_back(self, token: str) -> None:
        """Delete the row of an ended connection; left undone, it expires."""
        try:
            await self._ask(consoles.revoke, token)
        except DatabaseError as error:
            log.warning("the database does not answer", error=str(error))

    async def _look(self) -> None:
        """Close the passes whose right was withdrawn; without the database, all after a while."""
        if not self._held:
            self._answered_at = time.monotonic()
            return
        tokens = frozenset(self._held)
        try:
            valid = await self._ask(self._compare, tokens)
        except DatabaseError as error:
            log.warning("the database does not answer", error=str(error))
            is_over = time.monotonic() > self._answered_at + consoles.TOKEN_LIFETIME.total_seconds()
            valid = frozenset() if is_over else tokens
        for token in tokens - valid:
            if writer := self._held.get(token):
                writer.close()

    def _compare(self, tokens: frozenset[str]) -> frozenset[str]:
        """Return the tokens that are still valid. Whether their users still may is asked when any right has changed."""
        mark = current_mark()
        due = time.monotonic() > self._renewed_at + consoles.RENEW_SECONDS
        valid = consoles.keep(tokens, thoroughly=due or mark != self._mark)
        self._mark, self._answered_at = mark, time.monotonic()
        if due:
            self._renewed_at = self._answered_at
        return valid

    async def _ask(self, question: Callable[..., T], *arguments: object) -> T:
        """Run what asks the database in the thread. Raise DatabaseError."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, _with_connection, question, *arguments
        )


def _with_connection(question: Callable[..., T], *arguments: object) -> T:
    """Ask by the thread's own connection, which stays open; by a new one where it was lost."""
    try:
        return question(*arguments)
    except (OperationalError, InterfaceError):
        connection.close()
        return question(*arguments)


def _redeem(token: str) -> str | None:
    """Return the path of the screen's socket on this host, using the token up."""
    instance = consoles.redeem(token, served_host.host_id())
    return str(guests.vnc_socket(instance)) if instance else None
