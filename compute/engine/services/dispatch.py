"""Messages that announce work to workers. The sweep repeats those that get lost."""

import uuid
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from compute.engine.services import heartbeats
from compute.engine.services.breaker import Breaker
from compute.engine.services.failpoints import failpoint

log = structlog.get_logger(__name__)

TASK = "compute.run_operation"
EXPIRES = 60
"""Seconds after which a message that no worker took expires. The sweep sends another."""

COMMON = "anywhere"
"""The queue of operations that may run on any host."""

_broker = Breaker(seconds=5)


def queue_of(host_id: uuid.UUID | None) -> str:
    """Return the name of the host's queue, or of the common one for None."""
    return f"host.{host_id}" if host_id else COMMON


def send_on_commit(operation_id: uuid.UUID, host_id: uuid.UUID | None = None) -> None:
    """Send the operation's id to the workers once the current transaction is committed."""
    transaction.on_commit(lambda: send(operation_id, host_id))


def send(operation_id: uuid.UUID, host_id: uuid.UUID | None = None) -> None:
    """Send the operation's id to the workers now. An unreachable broker is no error, since the row is there."""
    _send(TASK, str(operation_id), queue=queue_of(host_id), expires=EXPIRES)


def send_to_host_on_commit(task: str, host_id: uuid.UUID) -> None:
    """Send a task without arguments to the workers of a host once the current transaction is committed."""
    transaction.on_commit(lambda: _send(task, queue=queue_of(host_id), expires=EXPIRES))


def request_heartbeat(host_id: uuid.UUID | None = None) -> None:
    """Request a heartbeat from a worker, by a message that soon expires."""
    _send(heartbeats.TASK, queue=queue_of(host_id), expires=20)


def _send(task: str, *arguments: str, **options: Any) -> None:
    if _broker.is_open:
        return
    failpoint(f"publish.{task}")
    try:
        current_app.send_task(task, arguments, retry=False, ignore_result=True, **options)
    except OperationalError as error:
        _broker.trip()
        log.warning("broker away", task=task, arguments=arguments, error=str(error))
