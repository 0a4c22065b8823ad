"""The durable engine: claims operations, runs their steps, undoes them. Knows no particular action."""

from compute.operations.engine import execute
from compute.operations.queue import cancel, due, enqueue, wake
from compute.operations.run import Cancelled, LeaseLost, Run, Wait
from compute.operations.steps import Plan, Step, plans

__all__ = [
    "Cancelled",
    "LeaseLost",
    "Plan",
    "Run",
    "Step",
    "Wait",
    "cancel",
    "due",
    "enqueue",
    "execute",
    "plans",
    "wake",
]
