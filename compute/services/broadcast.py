"""Tells open pages what has changed: topics only, never data; each page asks again for what it may see."""

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from compute.models import Instance, Operation

log = structlog.get_logger(__name__)


def instance_changed(instance: Instance) -> None:
    """The instance's row, its project's counts and quota bars are new."""
    _later(instance.project_id, ["instances", f"instance:{instance.pk}", "quota"])


def operation_changed(operation: Operation) -> None:
    """A step began or ended, or a long one got further."""
    _later(operation.project_id, ["instances", f"instance:{operation.instance_id}", "operations"])


def _later(project_id: str, topics: list[str]) -> None:
    transaction.on_commit(lambda: _send(project_id, topics))


def _send(project_id: str, topics: list[str]) -> None:
    """Lost messages are repaired by the pages' own check, so a Redis that is away stops nothing."""
    layer = get_channel_layer()
    message = {"type": "changed", "topics": topics}
    try:
        for group in (f"project.{project_id}", "all"):
            async_to_sync(layer.group_send)(group, message)
    except (RedisError, OSError) as error:
        log.warning("channel layer away", error=str(error))
