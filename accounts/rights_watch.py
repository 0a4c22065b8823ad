"""When rights may have changed: one question for all websockets of a process, as long as there are any."""

import asyncio
from weakref import WeakKeyDictionary

import structlog
from channels.db import database_sync_to_async
from django.db import DatabaseError

from accounts.services.tokens import current_mark

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2


class RightsWatch:
    """Looks at the epoch's mark, which changes whenever anybody's rights do."""

    def __init__(self) -> None:
        self._mark = ""
        self._changed = asyncio.Condition()
        self._waiting = 0
        self._looking: asyncio.Task[None] | None = None

    async def mark(self) -> str:
        """Return the mark of now, or of LOOK_SECONDS ago."""
        if self._looking is None or self._looking.done():
            await self._read()
        return self._mark

    async def wait(self, seen: str, seconds: float) -> str:
        """Return the mark once it differs from the one that was seen, or after so many seconds."""
        self._waiting += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self._mark != seen)
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1
        return self._mark

    async def _look(self) -> None:
        while self._waiting:
            await self._read()
            await asyncio.sleep(LOOK_SECONDS)

    async def _read(self) -> None:
        try:
            mark = await database_sync_to_async(current_mark)()
        except DatabaseError as error:
            log.warning("the database does not answer", error=str(error))
            return
        async with self._changed:
            if mark != self._mark:
                self._mark = mark
                self._changed.notify_all()


_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, RightsWatch] = WeakKeyDictionary()


def rights_watch() -> RightsWatch:
    """Return the watch of this event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _of_loop:
        _of_loop[loop] = RightsWatch()
    return _of_loop[loop]
