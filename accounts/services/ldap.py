"""Look people up in an LDAP directory, and check their passwords there (RFC 4511, RFC 4513)."""

import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ldap3
import structlog
from django.utils.translation import gettext as _
from ldap3.core.exceptions import LDAPException
from ldap3.core.results import (
    RESULT_BUSY,
    RESULT_SIZE_LIMIT_EXCEEDED,
    RESULT_SUCCESS,
    RESULT_UNAVAILABLE,
)
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from accounts.errors import Unavailable
from accounts.federation import LdapServer, Person
from accounts.models import ExternalIdentity

PATIENCE_SECONDS = 5
"""Timeout of each step: connecting, and waiting for each answer."""

log = structlog.get_logger()


def check(server: LdapServer, name: str, password: str | None) -> Person | None:
    """Return the person of this name, if the password is right. Raise Unavailable if the directory does not answer.

    Unknown names take as long as wrong passwords: the directory checks one in either case. With None it checks a
    random password.
    """
    try:
        with _connection(server, server.bind_dn, server.bind_password) as connection:
            if not connection.bind():
                raise _unavailable(
                    server, f"our account {server.bind_dn!r} is refused: {_result_text(connection)}"
                )
            entry = _entry(server, connection, name)
            person = _person(server, connection, entry, name) if entry else None
            dn = entry["dn"] if entry else f"{server.name}={escape_rdn(name)},{server.base}"
            is_right = _can_bind(server, dn, password if person and password else secrets.token_hex())
    except (LDAPException, OSError) as error:
        raise _unavailable(server, str(error)) from error
    return person if is_right else None


def probe(server: LdapServer) -> None:
    """Test the connection and the search. Raise Unavailable with the reason, for administrators."""
    try:
        with _connection(server, server.bind_dn, server.bind_password) as connection:
            if not connection.bind():
                raise Unavailable(f"{server.bind_dn or 'anonymous'}: {_result_text(connection)}")
            if not _search(connection, server.base, server.filter, [server.identifier], most=1):
                raise Unavailable(f"{server.base}: {server.filter} finds nobody")
    except (LDAPException, OSError) as error:
        raise Unavailable(str(error)) from error


@contextmanager
def _connection(server: LdapServer, user: str, password: str) -> Iterator[ldap3.Connection]:
    """Return an open connection, not bound yet, and encrypted unless the settings say otherwise."""
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=server.ca_file or None)
    host = ldap3.Server(server.url, tls=tls, get_info=ldap3.NONE, connect_timeout=PATIENCE_SECONDS)
    connection = ldap3.Connection(
        host,
        user or None,
        password or None,
        receive_timeout=PATIENCE_SECONDS,
        read_only=True,
        auto_referrals=False,
        check_names=False,
    )
    connection.open()
    try:
        if server.starttls and not host.ssl:
            connection.start_tls()
        yield connection
    finally:
        connection.unbind()


def _entry(server: LdapServer, connection: ldap3.Connection, name: str) -> dict[str, Any] | None:
    """Return the one entry of this name, if there is exactly one."""
    query = f"(&{server.filter}({server.name}={escape_filter_chars(name)}))"
    attributes = [server.name, server.email, server.identifier]
    entries = _search(connection, server.base, query, attributes, most=2)
    if len(entries) > 1:
        log.warning("ldap.ambiguous", name=name, hint="MERIDIAN_LDAP_FILTER lets more than one through")
        return None
    # Directories take capitals and small letters for the same; our names and the lockout do not.
    return entries[0] if entries and name in _texts(entries[0], server.name) else None


def _person(
    server: LdapServer, connection: ldap3.Connection, entry: dict[str, Any], name: str
) -> Person | None:
    identifiers = entry["raw_attributes"].get(server.identifier)
    if not identifiers:
        log.warning("ldap.no_identifier", name=name, hint=f"its entry has no attribute {server.identifier}")
        return None
    return Person(
        source=ExternalIdentity.LDAP,
        subject=_identifier(identifiers[0]),
        name=name,
        email=next(iter(_texts(entry, server.email)), ""),
        groups=frozenset(_groups(server, connection, entry["dn"], name)),
    )


def _groups(server: LdapServer, connection: ldap3.Connection, dn: str, name: str) -> Iterator[str]:
    """Yield the names of groups whose `member`, `uniqueMember` or `memberUid` is the person."""
    if not (server.group_base and server.groups):
        return
    member, uid = escape_filter_chars(dn), escape_filter_chars(name)
    query = f"(|(member={member})(uniqueMember={member})(memberUid={uid}))"
    for entry in _search(connection, server.group_base, query, ["cn"]):
        yield from _texts(entry, "cn")


def _search(
    connection: ldap3.Connection, base: str, query: str, attributes: list[str], most: int = 0
) -> list[dict[str, Any]]:
    connection.search(
        base, query, attributes=attributes, size_limit=most, time_limit=PATIENCE_SECONDS, types_only=False
    )
    if connection.result["result"] not in {RESULT_SUCCESS, RESULT_SIZE_LIMIT_EXCEEDED}:
        raise LDAPException(f"searching {base!r} failed: {_result_text(connection)}")
    return [row for row in connection.response or () if row["type"] == "searchResEntry"]


def _can_bind(server: LdapServer, dn: str, password: str) -> bool:
    """Return whether `dn` can bind with the password, on a connection of its own, so that ours stays bound."""
    with _connection(server, dn, password) as connection:
        if not connection.bind() and connection.result["result"] in {RESULT_BUSY, RESULT_UNAVAILABLE}:
            raise LDAPException(_result_text(connection))
        return bool(connection.bound)


def _texts(entry: dict[str, Any], attribute: str) -> list[str]:
    return [value.decode(errors="replace") for value in entry["raw_attributes"].get(attribute, ())]


def _identifier(value: bytes) -> str:
    """Return the identifier as text: in hexadecimal if its bytes are none, like an objectGUID's."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()


def _result_text(connection: ldap3.Connection) -> str:
    return f"{connection.result['description']} {connection.result['message']}".strip()


def _unavailable(server: LdapServer, reason: str) -> Unavailable:
    """Log the reason. Return the error for people, which says that their password is not at fault."""
    log.error("ldap.unavailable", url=server.url, reason=reason)
    return Unavailable(
        _("The directory that checks this name does not answer. Try again shortly; local users can sign in.")
    )
