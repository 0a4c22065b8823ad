"""Calls with a time limit: libvirt waits for ever for a stuck QEMU, and so would our thread."""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import wraps
from threading import Condition, Thread
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from .errors import GuestBusy, HypervisorUnreachable


class GuestCaller(Protocol):
    """An object whose methods call one guest."""

    uri: str
    uuid: str


T = TypeVar("T")
P = ParamSpec("P")
G = TypeVar("G", bound=GuestCaller)

QEMU_SECONDS = 30.0
"""The limit of quick calls to QEMU, as long as libvirt itself waits for another call to the guest."""

MOST_CALLS = 4
"""Most calls to the guests of a hypervisor at once: a stuck one blocks one of libvirtd's twenty `max_workers`."""


class _Call:
    """One call to a guest, in a thread of its own."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.future: Future[Any] = Future()


_changed = Condition()
_calls: dict[str, dict[str, _Call]] = {}
"""Calls in progress, by hypervisor and guest. A guest has one at a time."""


def within(seconds: float, uri: str, uuid: str, function: Callable[[], T]) -> T:
    """Return the result of `function`, a call to guest `uuid`. Raise GuestBusy after so many seconds.

    A call that takes longer goes on in its thread. Until it ends, other calls to that guest fail at once. If the
    hypervisor has too many such calls, those to all its guests raise HypervisorUnreachable.
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
    """Limit the time of a method that QEMU answers quickly or not at all."""

    @wraps(method)
    def call(self: G, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return within(QEMU_SECONDS, self.uri, self.uuid, lambda: method(self, *args, **kwargs))

    return call


def _begin(seconds: float, uri: str, uuid: str) -> _Call:
    """Wait until neither the guest nor the hypervisor has too many calls. Raise GuestBusy, HypervisorUnreachable."""
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
    """Forget the parent's calls in a forked child, which has none of its threads."""
    global _changed
    _changed = Condition()
    _calls.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
