"""Cron lines: five fields, as people type them, and when they are next due."""

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import BadInput
from compute.engine.services import local_times

LONGEST = 255

_FIELDS = (
    gettext_lazy("minute"),
    gettext_lazy("hour"),
    gettext_lazy("day of the month"),
    gettext_lazy("month"),
    gettext_lazy("day of the week"),
)
_FAULTS = {
    f"Bad {name}": at for at, name in enumerate(("minute", "hour", "day-of-month", "month", "day-of-week"))
}
"""{what cronsim says: the place of the field}."""


def clean(value: object) -> str:
    """Return a cron line of five fields. Raise BadInput naming `cron`."""
    error = BadInput(
        fields={"cron": _("Give five fields: minute, hour, day, month, day of the week, like 0 20 * * 1-5.")}
    )
    if not isinstance(value, str) or len(value) > LONGEST or len(fields := value.split()) != len(_FIELDS):
        raise error
    try:
        CronSim(line := " ".join(fields), timezone.now())
    except CronSimError as cause:
        at = _FAULTS.get(str(cause))
        if at is None:
            raise error from cause
        sentence = _("“%(value)s” is no %(field)s.") % {"value": fields[at], "field": _FIELDS[at]}
        raise BadInput(fields={"cron": sentence}) from cause
    return line


def next_after(line: str, time_zone: object, after: datetime) -> datetime | None:
    """Return when a line is next due by the clock of a time zone, in UTC; None for never. Raise BadInput."""
    due_at = next(CronSim(line, after.astimezone(local_times.zone(time_zone))), None)
    return due_at.astimezone(UTC) if due_at else None
