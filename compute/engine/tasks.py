"""The Celery tasks of workers. A message carries the id of an operation and nothing else."""

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
    """Run the remaining steps of the operation; a message that comes twice or late has no effect."""
    operations.execute(operation_id)


@shared_task(name=heartbeats.TASK)
def beat() -> None:
    """Record that messages still reach this worker. The row names its main process."""
    heartbeats.beat(heartbeats.QUEUE, os.getppid())


@worker_ready.connect
def _log_ready(**_signal: Any) -> None:
    log.info("ready to run operations")


@worker_process_init.connect
def _close_connections(**_signal: Any) -> None:
    """Close connections that a forked child must not share with its parent."""
    connections.close_all()
    close_all()
