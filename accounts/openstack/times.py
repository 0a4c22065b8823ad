"""The forms in which OpenStack writes times. `orjson` does it in a fourth of the time of `isoformat`."""

from datetime import UTC, datetime

from orjson import dumps

SECONDS, MICROSECONDS = len('"2026-01-02T03:04:05'), len('"2026-01-02T03:04:05.000006')


def seconds(moment: datetime) -> str:
    """Return a time of a server, image or network: seconds and Z."""
    return dumps(moment.astimezone(UTC))[1:SECONDS].decode() + "Z"


def microseconds(moment: datetime) -> str:
    """Return a time of a token: microseconds and Z."""
    return f"{without_zone(moment)}Z"


def without_zone(moment: datetime | None) -> str | None:
    """Return any other time: microseconds of UTC, no zone named."""
    if moment is None:
        return None
    if moment.microsecond:
        return dumps(moment.astimezone(UTC))[1:MICROSECONDS].decode()
    return dumps(moment.astimezone(UTC))[1:SECONDS].decode() + ".000000"  # which orjson leaves out
