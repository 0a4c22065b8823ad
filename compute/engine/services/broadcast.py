"""Tells open pages what has changed: topics only, never data; each page asks again for what it may see."""

import asyncio

import structlog
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from compute.engine.models import Operation
from compute.engine.services import background_loop
from compute.engine.services.breaker import Breaker
from compute.instances.models import Instance

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 2.0
_layer = Breaker(seconds=5)


def instance_changed(instance: Instance) -> None:
    """The instance's row, its project's counts and quota bars are new."""
    _later(instance.project_id, ["instances", f"instance:{instance.pk}", "quota"])


def operation_changed(operation: Operation) -> None:
    """A step began or ended, or a long one got further."""
    _later(operation.project_id, ["instances", f"instance:{operation.instance_id}", "operations"])


def accounts_changed(project_id: str, topics: list[str]) -> None:
    """What accounts tells: a limit is new, or a request for one."""
    _later(project_id, topics)


def _later(project_id: str, topics: list[str]) -> None:
    transaction.on_commit(lambda: _send(project_id, topics))


def _send(project_id: str, topics: list[str]) -> None:
    """Lost messages are repaired by the pages' own check, so a Redis that is away or frozen stops nothing."""
    if _layer.is_open:
        return
    try:
        background_loop.run(_send_to_groups(project_id, {"type": "changed", "topics": topics}))
    except (RedisError, OSError) as error:
        _layer.trip()
        log.warning("channel layer away", error=str(error) or type(error).__name__)


async def _send_to_groups(project_id: str, message: dict[str, object]) -> None:
    layer = get_channel_layer()
    async with asyncio.timeout(PATIENCE_SECONDS):
        for group in (f"project.{project_id}", "all"):
            await layer.group_send(group, message)
