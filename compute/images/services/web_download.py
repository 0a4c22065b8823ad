"""Data of images from the web, from public addresses only.

A URL of a stranger may name what only this machine reaches. So each host's name is resolved once, its address is checked
and connected to, and every redirect is a new URL.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress, get_ip_address
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

from accounts.errors import BadInput, MeridianError
from compute.images.services.bodies import WholeBody

DEFAULT_PORTS = {"http": 80, "https": 443}
MOST_REDIRECTS = 5
CONNECT_SECONDS, SILENT_SECONDS = 10, 30
SLOW_SECONDS, SLOW_BYTES = 60, 2**20
"""A server that sends less in this time would keep a worker for nothing."""

LONGEST = 2_048


class FetchFailed(MeridianError):
    code = "fetchFailed"
    status = 502


FORBIDDEN = gettext_lazy("The address of %(host)s is not a public one.")


@dataclass(frozen=True, slots=True)
class Download:
    """Data that come, and their size in bytes if the server has said it."""

    body: WholeBody
    size: int | None


def enforce_url(url: object) -> str:
    """Return a URL that may be fetched, as far as it says itself. Raise BadInput."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or len(url) > LONGEST:
        raise _bad(_("Give a URL of at most %(most)s characters.") % {"most": LONGEST})
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _bad(_("This is no URL.")) from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise _bad(_("Give a URL that begins with http:// or https:// and a host."))
    if parts.username is not None or "\\" in url or " " in url or "%" in parts.netloc:
        raise _bad(_("A URL has no user, password, backslash or space, and its host no percent sign."))
    if (DEFAULT_PORTS[parts.scheme] if port is None else port) not in settings.IMPORT_PORTS:
        ports = ", ".join(map(str, sorted(settings.IMPORT_PORTS)))
        raise _bad(_("Images may be fetched from the ports %(ports)s.") % {"ports": ports})
    _enforce_literal(parts)
    return url


def without_query(url: str) -> str:
    """Return the URL without its query, which may be a secret of whoever gave it."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


@contextmanager
def fetching(url: str) -> Iterator[Download]:
    """Fetch a URL, and yield the data as they come. Raise FetchFailed."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy would resolve the name again, and know other networks
        session.mount("http://", _Adapter(is_https_proto=False))
        session.mount("https://", _Adapter(is_https_proto=True))
        with _get(session, url) as response:
            length = response.headers.get("Content-Length", "")
            size = int(length) if length.isdecimal() and len(length) < 19 else None
            yield Download(WholeBody(_Raw(response.raw, url), size), size)


class _Adapter(IPFilterAdapter):
    """Connects to the address that was checked. The settings may allow networks that are not public."""

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        try:
            return super().build_connection_pool_key_attributes(request, verify, cert)
        except InvalidIPAddress as error:
            address = error.args[0]
            if not _is_allowed(address):
                raise
        host, pool = HTTPAdapter.build_connection_pool_key_attributes(self, request, verify, cert)
        if request.url.startswith("https:"):
            pool["assert_hostname"] = pool["server_hostname"] = host["host"]
        host["host"] = f"[{address}]" if address.version == 6 else str(address)
        return host, pool


class _Raw:
    """The bytes of an answer as they come, since waiting for a full buffer would hide that some do."""

    def __init__(self, raw: Any, url: str) -> None:
        self._raw, self._url = raw, url
        self._since, self._size = time.monotonic(), 0

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end. Raise FetchFailed."""
        with _translated(self._url):
            data: bytes = self._raw.read1(size, decode_content=False)
        self._size += len(data)
        if time.monotonic() - self._since > SLOW_SECONDS:
            if data and self._size < SLOW_BYTES:
                raise FetchFailed(_("%(url)s is too slow.") % {"url": without_query(self._url)})
            self._since, self._size = time.monotonic(), 0
        return data


@contextmanager
def _get(session: requests.Session, url: str) -> Iterator[requests.Response]:
    """Yield the answer at the end of all redirects. Raise FetchFailed."""
    for _redirect in range(MOST_REDIRECTS + 1):
        with _translated(url):
            response = session.get(
                url,
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_SECONDS, SILENT_SECONDS),
                headers={"Accept-Encoding": "identity", "User-Agent": "Meridian"},
            )
        with response:
            if not response.is_redirect:
                if response.status_code != 200:
                    reason = {"url": without_query(url), "status": response.status_code}
                    raise FetchFailed(_("%(url)s answered with status %(status)s.") % reason)
                yield response
                return
            url = _redirected(url, response.headers["Location"])
    raise FetchFailed(_("More than %(most)s redirects were answered.") % {"most": MOST_REDIRECTS})


def _redirected(url: str, location: str) -> str:
    """Return the URL that a redirect leads to. Raise FetchFailed."""
    try:
        return enforce_url(urljoin(url, location))
    except BadInput as error:
        reason = {"url": without_query(url), "reason": error.fields["uri"]}
        raise FetchFailed(_("%(url)s leads elsewhere. %(reason)s") % reason) from error


def _enforce_literal(parts: SplitResult) -> None:
    """Raise BadInput for a host that is an address, in whatever form, and not a public one."""
    host = str(parts.hostname)
    try:
        addresses = socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return  # a name, which is resolved when it is fetched
    try:
        get_ip_address(str(addresses[0][4][0]), 80, allow_loopback=False)
    except InvalidIPAddress as error:
        if not _is_allowed(error.args[0]):
            raise _bad(FORBIDDEN % {"host": host}) from error


def _is_allowed(address: Any) -> bool:
    return any(ip_address(str(address)) in network for network in settings.IMPORT_NETWORKS)


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Translate errors to words without addresses or the URL's query. Raise FetchFailed."""
    try:
        yield
    except InvalidIPAddress as error:
        raise FetchFailed(FORBIDDEN % {"host": urlsplit(url).hostname}) from error
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        reason = {"url": without_query(url), "reason": _reason(error)}
        raise FetchFailed(_("%(url)s cannot be fetched: %(reason)s") % reason) from error


def _reason(error: Exception) -> str:
    match error:
        case requests.exceptions.SSLError():
            return _("its certificate cannot be trusted.")
        case requests.Timeout() | ReadTimeoutError():
            return _("it did not answer in time.")
        case requests.ConnectionError():
            return _("no connection to it could be made.")
        case _:
            return _("the connection broke off.")


def _bad(sentence: str) -> BadInput:
    return BadInput(fields={"uri": sentence})
