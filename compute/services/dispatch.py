"""Tells workers that there is work. Only a hint: the sweeper announces again whatever gets lost."""

import uuid

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

TASK = "compute.run_operation"


def hint(operation_id: uuid.UUID) -> None:
    """Send the operation's id to the workers once the present transaction is committed."""
    transaction.on_commit(lambda: send(operation_id))


def send(operation_id: uuid.UUID) -> None:
    """Send the id now. A broker that is away is no error: the row is there."""
    try:
        current_app.send_task(TASK, [str(operation_id)], retry=False, ignore_result=True)
    except OperationalError as error:
        log.warning(
            "broker away, the sweeper will announce it", operation=str(operation_id), error=str(error)
        )
