"""One event loop per process, for synchronous code.

Outside async servers, `async_to_sync` makes a loop and its connections for each call, which takes ten times as long.
"""

import asyncio
import os
from collections.abc import Coroutine
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_lock = Lock()
_loop: asyncio.AbstractEventLoop | None = None
_process: int | None = None


def start(coroutine: Coroutine[Any, Any, Answer]) -> "Future[Answer]":
    """Start the coroutine on this process's loop, without waiting for its result."""
    return asyncio.run_coroutine_threadsafe(coroutine, _running_loop())


def _running_loop() -> asyncio.AbstractEventLoop:
    """Return the running loop, made at first use and again in a forked child, which inherits no threads."""
    global _loop, _process
    with _lock:
        if _loop is None or _process != os.getpid():
            _loop, _process = asyncio.new_event_loop(), os.getpid()
            Thread(target=_loop.run_forever, name="background-loop", daemon=True).start()
        return _loop
