"""The front door: the address at which nginx serves browsers and clients."""

import http.client

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "*": "127.0.0.1", "": "127.0.0.1"}  # noqa: S104


def listen_address() -> tuple[str, int]:
    """Return host and port of MERIDIAN_LISTEN. Raise ImproperlyConfigured."""
    host, _colon, port = settings.LISTEN.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ImproperlyConfigured(f"MERIDIAN_LISTEN={settings.LISTEN!r} must look like 127.0.0.1:8000.")
    return host.strip("[]"), int(port)


def reachable_address() -> tuple[str, int]:
    """Return host and port at which this machine reaches the front door. Raise ImproperlyConfigured."""
    host, port = listen_address()
    return _EVERYWHERE.get(host, host), port


def status(path: str, timeout: float = 5.0) -> int | None:
    """Return the HTTP status of the front door's answer for `path`; None if it does not answer."""
    host, port = reachable_address()
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": settings.PUBLIC_HOST})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
