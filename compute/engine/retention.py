"""Retention of the engine's rows."""

from datetime import timedelta

from accounts.services.retention import Rule
from compute.engine.models import Heartbeat, Operation

RULES = (
    Rule(
        name="operations",
        rows=Operation.objects.exclude(state__in=(*Operation.OPEN, Operation.State.STUCK)),
        since="finished_at",
        setting="OPERATION_DAYS",
    ),
    # Rows of removed hosts. Those of processes that just died stay long enough for the health page.
    Rule(name="heartbeats", rows=Heartbeat.objects.all(), since="at", grace=timedelta(days=1)),
)
