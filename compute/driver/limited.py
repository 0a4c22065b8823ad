"""Calls with a time limit: libvirt waits for ever for a QEMU that is stuck, and so would a thread of ours."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import wraps
from threading import Condition, Thread
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from .errors import GuestBusy, HypervisorUnreachable


class GuestCaller(Protocol):
    """Whatever speaks to one guest."""

    uri: str
    uuid: str


T = TypeVar("T")
P = ParamSpec("P")
G = TypeVar("G", bound=GuestCaller)

QEMU_SECONDS = 30.0
"""How long QEMU may take for what is quick; as long as libvirt itself waits for another call to the guest."""

MOST_CALLS = 4
"""A stuck call holds one of the twenty threads (`max_workers`) with which libvirtd serves everybody."""


class _Call:
    """One call to a guest, in a thread of its own."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.future: Future[Any] = Future()


_changed = Condition()
_calls: dict[str, dict[str, _Call]] = {}
"""The calls under way: by hypervisor, then by guest, which has one at a time."""


def within(seconds: float, uri: str, uuid: str, function: Callable[[], T]) -> T:
    """Return what `function` returns of guest `uuid`, within so many seconds.

    A call that takes longer goes on by itself. Until it ends, further ones to that guest fail at once, and when
    the hypervisor has too many of them, those to any of its guests. Raise GuestBusy or HypervisorUnreachable.
    """
    call = _begin(seconds, uri, uuid)
    Thread(target=_run, args=(uri, uuid, call, function), name=f"limited {uuid}", daemon=True).start()
    try:
        result: T = call.future.result(seconds)
    except TimeoutError as error:
        if not call.future.done():
            raise _no_answer(uuid) from error
        raise
    return result


def limited(method: Callable[Concatenate[G, P], T]) -> Callable[Concatenate[G, P], T]:
    """Give a method that QEMU answers quickly, or not at all, a time limit."""

    @wraps(method)
    def call(self: G, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return within(QEMU_SECONDS, self.uri, self.uuid, lambda: method(self, *args, **kwargs))

    return call


def _begin(seconds: float, uri: str, uuid: str) -> _Call:
    """Wait for the guest's turn and a free place on the hypervisor."""
    deadline = time.monotonic() + seconds
    with _changed:
        calls = _calls.setdefault(uri, {})
        while uuid in calls or len(calls) >= MOST_CALLS:
            earlier = [calls[uuid]] if uuid in calls else list(calls.values())
            wait = min(deadline, max(call.deadline for call in earlier)) - time.monotonic()
            if wait <= 0:
                raise (
                    _no_answer(uuid)
                    if uuid in calls
                    else HypervisorUnreachable(
                        f"Hypervisor {uri} does not answer: {len(calls)} earlier calls to its guests still wait."
                    )
                )
            _changed.wait(wait)
        call = calls[uuid] = _Call(seconds)
        return call


def _run(uri: str, uuid: str, call: _Call, function: Callable[[], Any]) -> None:
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - it is the caller's
        call.future.set_exception(error)
    else:
        call.future.set_result(result)
    finally:
        with _changed:
            del _calls[uri][uuid]
            _changed.notify_all()


def _no_answer(uuid: str) -> GuestBusy:
    return GuestBusy(f"Guest {uuid} does not answer in time: it, or its host, is stuck. Try again later.")


def _forget_after_fork() -> None:
    """A child has none of its parent's threads."""
    global _changed
    _changed = Condition()
    _calls.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
