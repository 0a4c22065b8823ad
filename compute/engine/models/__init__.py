"""Rows of the engine: operations, their holds, leases and heartbeats."""

from compute.engine.models.heartbeat import Heartbeat
from compute.engine.models.lease import Lease
from compute.engine.models.operation import Hold, Operation
from compute.engine.models.scoped import ScopedQuerySet
from compute.engine.models.subject import Subject, SubjectQuerySet

__all__ = ["Heartbeat", "Hold", "Lease", "Operation", "ScopedQuerySet", "Subject", "SubjectQuerySet"]
