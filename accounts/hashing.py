"""The hashing of passwords, of which only so much is done at a time, so that a flood of sign-ins leaves pages quick."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import BoundedSemaphore, Lock

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.errors import Busy

MOST = settings.WEB_THREADS // 2
"""Most hashings of a process, those that wait among them: half of the threads that answer requests."""
MOST_OF_ONE_ADDRESS = MOST // 2

asking_address: ContextVar[str | None] = ContextVar("asking_address", default=None)
"""The address of the client whose request this thread answers."""

_running = BoundedSemaphore(os.cpu_count() or 1)
_lock = Lock()
_begun: Counter[str | None] = Counter()


@contextmanager
def slot() -> Iterator[None]:
    """Wait for a turn to hash. Raise Busy if too many wait already, in all or from the client's address."""
    address = asking_address.get()
    with _lock:
        if _begun.total() >= MOST or (address is not None and _begun[address] >= MOST_OF_ONE_ADDRESS):
            raise Busy
        _begun[address] += 1
    try:
        with _running:
            yield
    finally:
        with _lock:
            _begun[address] -= 1
            if not _begun[address]:
                del _begun[address]


class Argon2(Argon2PasswordHasher):
    """Argon2 in turns."""

    def encode(self, password: str, salt: str) -> str:
        with slot():
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with slot():
            return bool(super().verify(password, encoded))
