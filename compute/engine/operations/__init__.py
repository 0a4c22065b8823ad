"""The durable engine: claims operations, runs their steps, undoes them. Knows no particular action."""

from compute.engine.operations.engine import execute
from compute.engine.operations.queue import cancel, cancel_unless, due, enqueue, show_progress, wake
from compute.engine.operations.run import Cancelled, LeaseLost, Run, Wait
from compute.engine.operations.steps import Plan, Step, plans

__all__ = [
    "Cancelled",
    "LeaseLost",
    "Plan",
    "Run",
    "Step",
    "Wait",
    "cancel",
    "cancel_unless",
    "due",
    "enqueue",
    "execute",
    "plans",
    "show_progress",
    "wake",
]
