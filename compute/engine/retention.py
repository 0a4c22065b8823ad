"""Which rows of the engine go, and when."""

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
    # Left behind by hosts that are gone; of a process that only died, the health page still tells.
    Rule(name="heartbeats", rows=Heartbeat.objects.all(), since="at", grace=timedelta(days=1)),
)
