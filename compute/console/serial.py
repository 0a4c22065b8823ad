"""An instance's serial console over a websocket, on the host of its guest: bytes both ways."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any, TypeVar

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError
from redis.exceptions import RedisError

from accounts import policy, socket_sessions
from accounts.errors import MeridianError
from accounts.rights_watch import rights_watch
from compute.driver.errors import DriverError
from compute.driver.guest.console import Console
from compute.engine.services import served_host
from compute.instances.models import Instance
from compute.instances.services import consoles, guests

T = TypeVar("T")

log = structlog.get_logger(__name__)

CHECK_SECONDS = 25
LOST_SECONDS = 2  # a message to ourselves that takes longer was lost with Redis
LONGEST_INPUT = 64 * 1024
LONGEST_REASON = 30  # characters; a close frame's reason has at most 123 bytes
ENDED, TOO_LONG, AWAY = 1000, 1009, 1011
SIGNED_OUT, FORBIDDEN, NOT_FOUND, NOT_RUNNING, TAKEN_OVER = 4401, 4403, 4404, 4409, 4410
THREADS = 32
"""More than the default, since a libvirtd that does not answer holds some of them for a while."""

CODES = {401: SIGNED_OUT, 403: FORBIDDEN, 404: NOT_FOUND, 409: NOT_RUNNING}


class Serial(AsyncWebsocketConsumer):
    """One open terminal, of which an instance has one: opening it takes it over, and who had it is told by whom.

    What the guest writes waits in the guest while the client reads slowly: the reading thread sends one chunk
    and takes the next only when that one is on its way.
    """

    console: Console | None = None
    checker: asyncio.Task[None] | None = None
    closed = False
    mark = ""

    async def connect(self) -> None:
        """Open the console for whoever may. Accepts first, so that a refusal has a code that pages can read."""
        await self.accept()
        self.mark = await rights_watch().mark()
        try:
            instance = await self._reach()
        except MeridianError as error:
            await self.close(code=CODES.get(error.status, NOT_RUNNING))
            return
        await self._take_over()
        try:
            self.console = await _in_thread(guests.guest(instance).console)
        except DriverError as error:
            log.warning("serial console cannot be opened", instance=str(instance.pk), error=str(error))
            await self.close(code=AWAY)
            return
        loop = asyncio.get_running_loop()
        Thread(target=self._read, args=[self.console, loop], daemon=True).start()
        self.checker = asyncio.create_task(self._keep_checking())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Type what the client sends, and say how many bytes the guest has taken, which long texts wait for."""
        typed = bytes_data if bytes_data is not None else (text_data or "").encode()
        if len(typed) > LONGEST_INPUT:
            log.info("too much was typed at once", instance=self._instance_id(), bytes=len(typed))
            await self.close(code=TOO_LONG, reason="At most 64 KiB at a time.")
        elif self.console is not None:
            try:
                await _in_thread(self.console.write, typed)
                await self.send(text_data=json.dumps({"typed": len(typed)}))
            except DriverError:
                await self.close(code=AWAY)

    async def close(self, code: int | bool | None = None, reason: str | None = None) -> None:
        """Once: the first who ends it says why."""
        if not self.closed:
            self.closed = True
            await super().close(code=code, reason=reason)

    async def disconnect(self, code: int) -> None:
        self.closed = True
        if self.checker is not None:
            self.checker.cancel()
        with contextlib.suppress(RedisError, OSError):
            for group in self._groups():
                await self.channel_layer.group_discard(group, self.channel_name)
        if self.console is not None:
            self.console.close()

    async def signed_out(self, _event: dict[str, Any]) -> None:
        """The session of this page has just ended."""
        await self.close(code=SIGNED_OUT)

    async def taken_over(self, event: dict[str, Any]) -> None:
        """Someone else has opened it. They are named, so that two pages do not fight over it."""
        if event["channel"] != self.channel_name:
            await self.close(code=TAKEN_OVER, reason=event["by"])

    async def ended(self, _event: dict[str, Any]) -> None:
        """The console has ended, and nobody had taken it over before."""
        await self.close(code=ENDED)

    async def _take_over(self) -> None:
        """Tell who has it now, then listen for the next one. Without Redis the regular check must do."""
        with contextlib.suppress(RedisError, OSError):
            session, serial = self._groups()
            by = self.scope["user"].name[:LONGEST_REASON]
            event = {"type": "taken_over", "by": by, "channel": self.channel_name}
            await self.channel_layer.group_send(serial, event)
            await self.channel_layer.group_add(session, self.channel_name)
            await self.channel_layer.group_add(serial, self.channel_name)

    def _read(self, console: Console, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: carry what the guest writes, no faster than the client takes it."""
        while data := console.read():
            try:
                asyncio.run_coroutine_threadsafe(self.send(bytes_data=data), loop).result()
            except (OSError, RuntimeError):
                return  # the client has gone
        if not loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._end(), loop)

    async def _end(self) -> None:
        """Say that it has ended, behind what others say: who takes it over tells so before the console ends here."""
        with contextlib.suppress(RedisError, OSError):
            await self.channel_layer.send(self.channel_name, {"type": "ended"})
            await asyncio.sleep(LOST_SECONDS)
        await self.close(code=ENDED)

    async def _keep_checking(self) -> None:
        while True:
            self.mark = await rights_watch().wait(self.mark, CHECK_SECONDS)
            try:
                await self._still_allowed()
            except MeridianError as error:
                await self.close(code=CODES.get(error.status, AWAY))
                return
            except DatabaseError:
                await self.close(code=AWAY)  # what cannot be checked must not stay open; the page tries again
                return

    @database_sync_to_async
    def _reach(self) -> Instance:
        """The instance, if its console is the asker's and it runs; audited. Raises MeridianError."""
        return consoles.open_serial(
            socket_sessions.required(self.scope), self._instance_id(), served_host.host_id()
        )

    @database_sync_to_async
    def _still_allowed(self) -> None:
        context = socket_sessions.required(self.scope)
        policy.enforce(context, consoles.RULE)
        consoles.reach_serial(context, self._instance_id(), served_host.host_id())

    def _instance_id(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["instance_id"])

    def _groups(self) -> tuple[str, str]:
        return socket_sessions.group_of(
            self.scope["session"].session_key or ""
        ), f"serial.{self._instance_id()}"


_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="serial")


async def _in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Run what may block in one of the consoles' own threads."""
    return await asyncio.get_running_loop().run_in_executor(_threads, function, *arguments)
