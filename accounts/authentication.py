"""Check a name and a password."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils import timezone

from accounts.addresses import client_address
from accounts.models import Domain, User
from accounts.names import is_text

LONGEST_PASSWORD = 1024


LOOKUP = """
SELECT person.*,
    home.name AS domain_name, home.description AS domain_description, home.enabled AS domain_enabled,
    (SELECT mark FROM accounts_epoch LIMIT 1) AS mark,
    EXISTS (SELECT 1 FROM accounts_secondfactor WHERE user_id = person.id) AS has_second_factor,
    EXISTS (SELECT 1 FROM accounts_failedattempts WHERE name = %(name)s AND domain = %(domain)s) AS has_failed,
    EXISTS (
        SELECT 1 FROM accounts_knownaddress
        WHERE name = %(name)s AND domain = %(domain)s AND address = %(address)s AND seen_at > %(since)s
    ) AS is_known
FROM (SELECT 1) AS always
    LEFT JOIN accounts_user AS person ON person.name = %(name)s AND person.domain_id = %(domain)s
    LEFT JOIN accounts_domain AS home ON home.id = person.domain_id
"""
"""The query of every sign-in. Building it in the ORM takes four times as long, a third of all but the hash."""

REFRESH = timedelta(days=1)
"""How old the time of a known address may get before a sign-in writes it anew."""


@dataclass(slots=True)
class NameLookup:
    """The user of a name in a domain, if there is one, and what was tried as this name.

    With the user come the domain, `mark` (the epoch's) and `has_second_factor`. `has_failed` is whether there are
    failed attempts, `is_known` whether somebody has lately signed in from the client's address.
    """

    user: User | None
    has_failed: bool
    is_known: bool = False


def look_up(request: HttpRequest | None, name: str, domain: str) -> NameLookup:
    """Return the user of a name. One query a request, shared by the counting of attempts and the password check."""
    lookups = _lookups(request) if request else {}
    if (name, domain) not in lookups:
        address = client_address(request) if request else None
        since = timezone.now() - REFRESH
        row: Any = User.objects.raw(
            LOOKUP, {"name": name, "domain": domain, "address": address, "since": since}
        )[0]
        lookups[name, domain] = NameLookup(
            user=_with_domain(row) if row.pk else None,
            has_failed=bool(row.has_failed),
            is_known=bool(row.is_known),
        )
    return lookups[name, domain]


def _lookups(request: HttpRequest) -> dict[tuple[str, str], NameLookup]:
    lookups: dict[tuple[str, str], NameLookup] = request.__dict__.setdefault("name_lookups", {})
    return lookups


def _with_domain(user: Any) -> User:
    user.domain = Domain.from_db(
        user._state.db,
        ["id", "name", "description", "enabled"],
        [user.domain_id, user.domain_name, user.domain_description, bool(user.domain_enabled)],
    )
    user.has_second_factor = bool(user.has_second_factor)
    return user


class PasswordBackend(BaseBackend):
    """Sign in enabled users of enabled domains. Unknown names take as long as wrong passwords."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        domain: str = Domain.DEFAULT_ID,
        **_kwargs: object,
    ) -> User | None:
        if not is_text(username) or not is_text(password, LONGEST_PASSWORD):
            return None
        user = look_up(request, username, domain).user
        if user is None:
            make_password(password)
            return None
        if user.check_password(password) and user.enabled and user.domain.enabled:
            return user
        return None

    def get_user(self, user_id: str) -> User | None:
        """Return the user of a session; None once disabled, which ends the session."""
        return User.objects.filter(pk=user_id, enabled=True, domain__enabled=True).first()
