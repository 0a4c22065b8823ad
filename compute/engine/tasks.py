"""The one Celery task: run an operation. The message carries its id and nothing else."""

import os
from typing import Any

import structlog
from celery import shared_task
from celery.signals import worker_process_init, worker_ready
from django.db import connections

from compute.driver.connection import close_all
from compute.engine import operations
from compute.engine.services import heartbeats
from compute.engine.services.dispatch import TASK

log = structlog.get_logger(__name__)


@shared_task(name=TASK)
def run_operation(operation_id: str) -> None:
    """Do what is left of the operation; a message that comes twice or too late finds nothing to do."""
    operations.execute(operation_id)


@shared_task(name=heartbeats.TASK)
def beat() -> None:
    """Say that messages still reach this worker; the row names its main process."""
    heartbeats.beat(heartbeats.QUEUE, os.getppid())


@worker_ready.connect
def _say_so(**_signal: Any) -> None:
    log.info("ready to run operations")


@worker_process_init.connect
def _fresh_child(**_signal: Any) -> None:
    """Connections must not be shared over a fork."""
    connections.close_all()
    close_all()
