"""Times as people type them: by the clock of a place."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _

from accounts.errors import BadInput


@cache
def time_zones() -> tuple[str, ...]:
    """The time zones of the IANA database, UTC first."""
    places = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}
    return ("UTC", *sorted(places))


def zone(name: object) -> ZoneInfo:
    """The time zone of this name; none given means UTC. Raise BadInput naming `time_zone`."""
    wanted = name or "UTC"
    if not isinstance(wanted, str) or wanted not in time_zones():
        raise BadInput(fields={"time_zone": _("There is no such time zone.")})
    return ZoneInfo(wanted)


def parse(text: object, time_zone: object, *, field: str) -> datetime:
    """A date and time like 2030-01-31T12:00 by the clock of `time_zone`, in UTC. Raise BadInput naming `field`."""
    place = zone(time_zone)
    try:
        parsed = datetime.fromisoformat(str(text))
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=place)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadInput(fields={field: _("Give a date and a time like 2030-01-31 12:00.")}) from error
