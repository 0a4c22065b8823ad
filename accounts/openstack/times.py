"""The forms in which OpenStack writes times."""

from datetime import UTC, datetime


def seconds(moment: datetime) -> str:
    """Return a time of a server, image or network: seconds and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def microseconds(moment: datetime) -> str:
    """Return a time of a token: microseconds and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def without_zone(moment: datetime | None) -> str | None:
    """Return any other time: microseconds of UTC, no zone named."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") if moment else None
