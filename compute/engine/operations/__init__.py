"""The durable engine, which claims operations, runs their steps and undoes them. It names no action."""

from compute.engine.operations.execute import execute
from compute.engine.operations.queue import (
    cancel,
    cancel_unless,
    due,
    enqueue,
    show_progress,
    wake,
    wake_sharing,
)
from compute.engine.operations.run import Cancelled, LeaseLost, Run, Wait
from compute.engine.operations.steps import Plan, Step, Where, plans
from compute.engine.operations.stuck import retry_stuck, retry_stuck_on, settle_stuck

__all__ = [
    "Cancelled",
    "LeaseLost",
    "Plan",
    "Run",
    "Step",
    "Wait",
    "Where",
    "cancel",
    "cancel_unless",
    "due",
    "enqueue",
    "execute",
    "plans",
    "retry_stuck",
    "retry_stuck_on",
    "settle_stuck",
    "show_progress",
    "wake",
    "wake_sharing",
]
