"""Rows of the engine: what is being done, and which processes do it."""

from compute.engine.models.heartbeat import Heartbeat
from compute.engine.models.operation import Operation

__all__ = ["Heartbeat", "Operation"]
