"""What will happen to the instances of a project by itself: the next runs of schedules, and expiries."""

from dataclasses import dataclass
from datetime import datetime

from accounts import policy
from accounts.context import Context
from compute.instances.models import Instance, Schedule

EXPIRY = "expire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """The verb of a schedule, or `EXPIRY`, and when it begins."""

    instance: Instance
    verb: str
    at: datetime


def listing(context: Context, *, size: int) -> list[Upcoming]:
    """Return what comes next in the asker's project, soonest first. Raise Forbidden. Two queries."""
    policy.enforce(context, "instance:read")
    runs = (
        Schedule.objects.visible_to(context)
        .filter(enabled=True, next_run__isnull=False, instance__in=Instance.objects.present())
        .select_related("instance")
        .order_by("next_run")
    )
    ends = Instance.objects.visible_to(context).present().filter(expires_at__isnull=False)
    rows = [
        Upcoming(instance=run.instance, verb=run.verb, at=run.next_run) for run in runs[:size] if run.next_run
    ]
    rows += [
        Upcoming(instance=instance, verb=EXPIRY, at=instance.expires_at)
        for instance in ends.order_by("expires_at")[:size]
        if instance.expires_at
    ]
    return sorted(rows, key=lambda upcoming: upcoming.at)[:size]
