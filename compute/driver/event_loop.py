"""libvirt's event loop, in one daemon thread of each process.

It sends keepalives, without which a frozen libvirtd would block its callers for ever, and delivers events.
libvirt's own loop does not survive a fork: a child can neither run it nor release its parent's sockets.
"""

import itertools
import os
import queue
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

import libvirt

_TO_POLL = {
    libvirt.VIR_EVENT_HANDLE_READABLE: select.POLLIN,
    libvirt.VIR_EVENT_HANDLE_WRITABLE: select.POLLOUT,
    libvirt.VIR_EVENT_HANDLE_ERROR: select.POLLERR,
    libvirt.VIR_EVENT_HANDLE_HANGUP: select.POLLHUP,
}


@dataclass(slots=True)
class _Handle:
    """A file descriptor that libvirt watches."""

    fd: int
    events: int
    callback: Callable[..., None]
    opaque: Any


@dataclass(slots=True)
class _Timer:
    """A callback every `interval` milliseconds; a negative interval stops it."""

    interval: int
    due: float
    callback: Callable[..., None]
    opaque: Any


class EventLoop:
    """An event loop for libvirt, which adds and removes descriptors and timers from any thread.

    Changes wait in a queue for the loop's own thread, which alone has the tables. A lock would not do: the garbage
    collector may close a connection while its thread holds the lock, and the closing changes the tables.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._changes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._handles: dict[int, _Handle] = {}
        self._timers: dict[int, _Timer] = {}
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def start(self) -> None:
        """Run the loop for ever in a daemon thread."""
        Thread(target=self._run, name="libvirt-events", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._once()

    def _once(self) -> None:
        """Wait for a descriptor or timer, then run the callbacks that are due."""
        self._make_changes()
        watched = {number: handle for number, handle in self._handles.items() if handle.events}
        due = min((timer.due for timer in self._timers.values() if timer.interval >= 0), default=None)
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        masks: dict[int, int] = {}
        for handle in watched.values():
            masks[handle.fd] = masks.get(handle.fd, 0) | _poll_mask(handle.events)
        for fd, mask in masks.items():
            poll.register(fd, mask)
        ready = dict(poll.poll(None if due is None else max(0.0, due - time.monotonic()) * 1000))
        if ready.pop(self._wake, 0):
            os.eventfd_read(self._wake)
        self._make_changes()
        self._fire_timers()
        for number, handle in watched.items():
            events = _events(ready.get(handle.fd, 0))
            if events and self._handles.get(number) is handle:  # an earlier callback may have removed it
                handle.callback(number, handle.fd, events, handle.opaque)
                self._make_changes()

    def _fire_timers(self) -> None:
        now = time.monotonic()
        fired = [(n, timer) for n, timer in self._timers.items() if timer.interval >= 0 >= timer.due - now]
        for number, timer in fired:
            if self._timers.get(number) is timer:
                timer.due = now + timer.interval / 1000
                timer.callback(number, timer.opaque)
                self._make_changes()

    def _make_changes(self) -> None:
        """Make the changes that other threads, or callbacks, have asked for."""
        while True:
            try:
                self._changes.get_nowait()()
            except queue.Empty:
                return

    def _ask(self, change: Callable[[], None]) -> None:
        self._changes.put(change)
        os.eventfd_write(self._wake, 1)

    def add_handle(self, fd: int, events: int, callback: Callable[..., None], opaque: Any) -> int:
        number, handle = next(self._numbers), _Handle(fd, events, callback, opaque)
        self._ask(lambda: self._handles.update({number: handle}))
        return number

    def update_handle(self, number: int, events: int) -> None:
        def change() -> None:
            if handle := self._handles.get(number):
                handle.events = events

        self._ask(change)

    def remove_handle(self, number: int) -> int:
        self._ask(lambda: self._remove(self._handles, number))
        return 0

    def add_timer(self, interval: int, callback: Callable[..., None], opaque: Any) -> int:
        number = next(self._numbers)
        timer = _Timer(interval, time.monotonic() + interval / 1000, callback, opaque)
        self._ask(lambda: self._timers.update({number: timer}))
        return number

    def update_timer(self, number: int, interval: int) -> None:
        due = time.monotonic() + interval / 1000

        def change() -> None:
            if timer := self._timers.get(number):
                timer.interval, timer.due = interval, due

        self._ask(change)

    def remove_timer(self, number: int) -> int:
        self._ask(lambda: self._remove(self._timers, number))
        return 0

    @staticmethod
    def _remove(entries: dict[int, Any], number: int) -> None:
        """Remove an entry and free its opaque data, which libvirt must not free while it asks for this."""
        entry = entries.pop(number, None)
        if entry is not None:
            libvirt.virEventInvokeFreeCallback(entry.opaque)


def _poll_mask(events: int) -> int:
    return sum(mask for event, mask in _TO_POLL.items() if events & event)


def _events(mask: int) -> int:
    """Return libvirt's events for a mask of poll(); a closed descriptor counts as hung up."""
    if mask & select.POLLNVAL:
        return libvirt.VIR_EVENT_HANDLE_HANGUP
    return sum(event for event, bit in _TO_POLL.items() if mask & bit)


class _Process:
    """The loop of this process, and whether it is registered with libvirt."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.is_registered = False
        self.loop: EventLoop | None = None

    def running(self) -> EventLoop:
        """Return the loop, which is started at the first call.

        A forked child creates its own no earlier: a supervisor closes every descriptor of a child right after the fork.
        """
        with self.lock:
            if self.loop is None:
                self.loop = EventLoop()
                self.loop.start()
            return self.loop


_process = _Process()


def start() -> None:
    """Start this process's event loop. Connections that were opened before have neither keepalives nor events."""
    with _process.lock:
        if not _process.is_registered:  # libvirt accepts only one registration
            libvirt.virEventRegisterImpl(
                lambda *entry: _process.running().add_handle(*entry),
                lambda *change: _process.running().update_handle(*change),
                lambda number: _process.running().remove_handle(number),
                lambda *entry: _process.running().add_timer(*entry),
                lambda *change: _process.running().update_timer(*change),
                lambda number: _process.running().remove_timer(number),
            )
            _process.is_registered = True
    _process.running()


def _forget_after_fork() -> None:
    """Give a forked child an empty loop, so that it touches none of its parent's connections."""
    _process.lock, _process.loop = Lock(), None


os.register_at_fork(after_in_child=_forget_after_fork)
