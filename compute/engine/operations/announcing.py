"""Repeated announcements of due operations, in case a message was lost."""

from datetime import timedelta

from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Q, Value, When
from django.db.models.functions import Now

from compute.engine.operations import queue
from compute.engine.services import dispatch

MOST = 500
"""Announcements a sweep at most, of the oldest operations first."""

PAUSES = (5, 10, 20, 40, 60)
"""Seconds between announcements of one operation. The last value repeats."""


def announce_due() -> int:
    """Announce due operations to workers, each after ever longer pauses. Return the number of announcements."""
    pause = Case(
        *(When(announcements=times, then=Value(timedelta(seconds=s))) for times, s in enumerate(PAUSES, 1)),
        default=Value(timedelta(seconds=PAUSES[-1])),
    )
    again_at = ExpressionWrapper(F("announced_at") + pause, output_field=DateTimeField())
    rows = queue.due().annotate(again_at=again_at).filter(Q(announcements=0) | Q(again_at__lte=Now()))
    operations = list(rows.values_list("pk", "host")[:MOST])
    for operation_id, host in operations:
        dispatch.send(operation_id, host)
    queue.due().order_by().filter(pk__in=[key for key, _host in operations]).update(
        announced_at=Now(), announcements=F("announcements") + 1
    )
    return len(operations)
