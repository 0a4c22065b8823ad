"""The one address that people use, seen from this machine."""

import http.client

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "*": "127.0.0.1", "": "127.0.0.1"}  # noqa: S104


def address() -> tuple[str, int]:
    """Host and port that MERIDIAN_LISTEN names; raises ImproperlyConfigured for anything else."""
    host, _colon, port = settings.LISTEN.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ImproperlyConfigured(f"MERIDIAN_LISTEN={settings.LISTEN!r} must look like 127.0.0.1:8000.")
    return host.strip("[]"), int(port)


def reachable() -> tuple[str, int]:
    """Return host and port at which this machine reaches the front door. Raise ImproperlyConfigured."""
    host, port = address()
    return _EVERYWHERE.get(host, host), port


def status(path: str, timeout: float = 5.0) -> int | None:
    """The HTTP status that the front door gives for `path`; None when it does not answer."""
    host, port = reachable()
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": settings.PUBLIC_HOST})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
