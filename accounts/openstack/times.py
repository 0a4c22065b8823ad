"""The forms in which OpenStack writes times."""

from datetime import UTC, datetime

SECONDS, MICROSECONDS = len("2026-01-02T03:04:05"), len("2026-01-02T03:04:05.000006")


def seconds(moment: datetime) -> str:
    """Return a time of a server, image or network: seconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:SECONDS] + "Z"


def microseconds(moment: datetime) -> str:
    """Return a time of a token: microseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:MICROSECONDS] + "Z"


def without_zone(moment: datetime | None) -> str | None:
    """Return any other time: microseconds of UTC, no zone named."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:MICROSECONDS] if moment else None
