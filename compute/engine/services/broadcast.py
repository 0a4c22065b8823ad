"""Broadcasts of changed topics to open pages. They carry no data; each page fetches what it may see."""

import asyncio

import structlog
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from compute.engine import kinds
from compute.engine.models import Operation, Subject
from compute.engine.services import background_loop
from compute.engine.services.breaker import Breaker

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 2.0
EVERYBODY = "everybody"
"""The group of all pages that show instances, whatever their project."""

ADMINISTRATORS = "all"
"""The group of pages that show all projects."""

_layer = Breaker(seconds=5)


def changed(row: Subject) -> None:
    """Announce a change of the row, and of the lists and counts of its kind."""
    kind = kinds.kind_of(row)
    announce(row.project_id, [*kind.lists, f"{kind.noun}:{row.pk}", *kind.counts])


def operation_changed(operation: Operation) -> None:
    """Announce a change of the operation, such as the end of a step or progress of a long one."""
    topics: list[str] | None = operation.__dict__.get("_topics")
    if topics is None:
        topics = operation.__dict__["_topics"] = _topics(operation)
    announce(operation.project_id, topics)


def _topics(operation: Operation) -> list[str]:
    topics = dict.fromkeys(["operations"])
    for hold in operation.held:
        if not hold.shared:
            kind = kinds.registered().get(hold.resource_type)
            topics |= dict.fromkeys(
                [*(kind.lists if kind else ()), f"{hold.resource_type}:{hold.resource_id}"]
            )
    return list(topics)


def announce(project_id: str | None, topics: list[str]) -> None:
    """Send the topics after commit to the pages of a project, and to those that show all projects."""
    groups = [f"project.{project_id}", ADMINISTRATORS] if project_id else [ADMINISTRATORS]
    transaction.on_commit(lambda: _send(groups, topics))


def announce_to_everybody(topics: list[str]) -> None:
    """Send the topics after commit to the pages of all projects."""
    transaction.on_commit(lambda: _send([EVERYBODY], topics))


def _send(groups: list[str], topics: list[str]) -> None:
    """Send the topics now, while the caller goes on."""
    if not _layer.is_open:
        background_loop.start(_send_to_groups(groups, {"type": "changed", "topics": topics}))


async def _send_to_groups(groups: list[str], message: dict[str, object]) -> None:
    """Send the message. A failure is only logged, since pages check for changes themselves too."""
    layer = get_channel_layer()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for group in groups:
                await layer.group_send(group, message)
    except (RedisError, OSError) as error:
        _layer.trip()
        log.warning("channel layer away", error=str(error) or type(error).__name__)
