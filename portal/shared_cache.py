"""The cache of all processes in Redis. Without Redis everything works and nothing is cached."""

from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from django.core.cache.backends.redis import RedisCache, RedisCacheClient, RedisSerializer
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from compute.engine.services.breaker import Breaker

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 0.25
_redis = Breaker(seconds=5)

Value = TypeVar("Value")


class Bytes(RedisSerializer):
    """Values are bytes, since unpickling would let anyone who writes to Redis run code here."""

    def dumps(self, obj: bytes) -> bytes:
        return bytes(obj)

    def loads(self, data: Any) -> Any:
        return data


class Client(RedisCacheClient):
    """Django's client. A Redis that is away or frozen finds and stores nothing, and delays one request only."""

    def __init__(self, servers: list[str]) -> None:
        super().__init__(
            servers,
            serializer=Bytes,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def get(self, key: Any, default: Any) -> Any:
        return _ask(lambda: super(Client, self).get(key, default), default)

    def add(self, key: Any, value: bytes, timeout: Any) -> bool:
        return _ask(lambda: super(Client, self).add(key, value, timeout), False)

    def set(self, key: Any, value: bytes, timeout: Any) -> None:
        _ask(lambda: super(Client, self).set(key, value, timeout), None)

    def delete(self, key: Any) -> bool:
        return _ask(lambda: super(Client, self).delete(key), False)


class SharedCache(RedisCache):
    """Django's cache in Redis, with our client: `get`, `add`, `set` and `delete` never fail."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client


def reset() -> None:
    """Ask Redis again at once, even after a failure."""
    _redis.reset()


def _ask(question: Callable[[], Value], otherwise: Value) -> Value:
    if _redis.is_open:
        return otherwise
    try:
        return question()
    except (RedisError, OSError) as error:
        _redis.trip()
        log.warning("shared cache away", error=str(error) or type(error).__name__)
        return otherwise
