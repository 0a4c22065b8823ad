"""Local times, as people type them, and their time zones."""

from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _

from accounts.errors import BadInput


@cache
def time_zones() -> tuple[str, ...]:
    """Return the names of the IANA database's time zones, UTC first."""
    names = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}
    return ("UTC", *sorted(names))


def zone(name: object) -> ZoneInfo:
    """Return the time zone of this name; UTC for none. Raise BadInput naming `time_zone`."""
    key = name or "UTC"
    if not isinstance(key, str) or key not in time_zones():
        raise BadInput(fields={"time_zone": _("There is no such time zone.")})
    return ZoneInfo(key)


def end_of_day(text: object, time_zone: object, *, field: str) -> datetime:
    """Return the last second of a day like 2030-01-31 in `time_zone`, in UTC. Raise BadInput naming `field`."""
    try:
        day = date.fromisoformat(str(text))
        return datetime.combine(day, time(23, 59, 59), zone(time_zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput(fields={field: _("Give a date like 2030-01-31.")}) from error


def parse(text: object, time_zone: object, *, field: str) -> datetime:
    """Return the time in UTC for text like 2030-01-31T12:00 in `time_zone`. Raise BadInput naming `field`."""
    local_zone = zone(time_zone)
    try:
        moment = datetime.fromisoformat(str(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=local_zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput(fields={field: _("Give a date and a time like 2030-01-31 12:00.")}) from error
