"""Make whoever guesses passwords or codes wait, for longer after each failure.

Failures count for a user, by domain and name, wherever they come from, whether there is such a user or not. What the
user has signed in from counts by itself, so that strangers cannot lock them out: a browser by its cookie, any other
client by its address.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import authenticate as check_password
from django.core import signing
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import authentication
from accounts.addresses import client_address
from accounts.context import Context
from accounts.errors import LockedOut
from accounts.models import Domain, FailedAttempts, KnownAddress, User
from accounts.names import is_text
from accounts.services import audit, external_users, scoping

FIRST_WAIT = timedelta(minutes=1)
"""After `SIGN_IN_FAILURES` failures in a row; twice as long after each further one."""
LONGEST_WAIT = timedelta(hours=1)
MEMORY = timedelta(days=1)
"""How long failures count."""
KNOWN = timedelta(days=90)
"""How long a device is known after its last sign-in."""

COOKIE = "__Host-device" if settings.SECURE else "device"
_SALT = "accounts.device"


def authenticate(request: HttpRequest, name: str, password: object, domain: str | None = None) -> User | None:
    """Return the user of this name and password. Raise LockedOut.

    `domain` is an id; None stands for the default domain, or the directory's if it has no such user.
    """
    domain = _default_domain(request, name) if domain is None else domain
    refuse_locked(request, domain, name)
    user = check_password(request, username=name, password=password, domain=domain)
    if isinstance(user, User):
        return user
    record_failure(request, domain, name)
    return None


def refuse_locked(request: HttpRequest, domain: str, name: str) -> None:
    """Raise LockedOut while whoever asks has to wait before the next attempt as this name."""
    if not _is_name(domain, name) or not authentication.look_up(request, name, domain).has_failed:
        return
    rows = FailedAttempts.objects.filter(domain=domain, name=name, device=_device(request, domain, name))
    until = rows.values_list("locked_until", flat=True).first()
    if until is not None and (left := until - timezone.now()) > timedelta():
        raise LockedOut(left)


def record_failure(request: HttpRequest, domain: str, name: str) -> None:
    """Count a failed attempt. Raise LockedOut if the next one has to wait."""
    if _is_name(domain, name) and (wait := _count(request, domain, name)):
        raise LockedOut(wait)


@transaction.atomic
def _count(request: HttpRequest, domain: str, name: str) -> timedelta:
    """Count a failed attempt, and record in the audit log when it locks the name. Return the wait before the next."""
    authentication.look_up(request, name, domain).has_failed = True
    rows = FailedAttempts.objects.select_for_update()
    row, _is_new = rows.get_or_create(domain=domain, name=name, device=_device(request, domain, name))
    now = timezone.now()
    row.count = 1 if row.last_at < now - MEMORY else row.count + 1
    row.last_at = now
    beyond = row.count - settings.SIGN_IN_FAILURES
    wait = min(FIRST_WAIT * 2 ** min(beyond, 16), LONGEST_WAIT) if beyond >= 0 else timedelta()
    row.locked_until = now + wait if wait else None
    row.save()
    if beyond == 0:
        audit.record(None, "user.lock", audit.Target(type="user", name=name), address=client_address(request))
    return wait


def succeed(request: HttpRequest, domain: str, name: str) -> None:
    """Forget the failures of whoever signed in as this name, and know their address from now on."""
    lookup = authentication.look_up(request, name, domain)
    if lookup.has_failed:
        device = _device(request, domain, name)
        FailedAttempts.objects.filter(domain=domain, name=name, device=device).delete()
    address = client_address(request)
    if address is None or lookup.is_known:
        return
    KnownAddress.objects.update_or_create(
        domain=domain, name=name, address=address, defaults={"seen_at": timezone.now()}
    )


def know_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Give the browser in which the user signed in a cookie, by which it counts by itself."""
    if _browser(request, user.domain_id, user.name) is None:
        value = signing.dumps([user.domain_id, user.name, secrets.token_hex(16)], salt=_SALT)
        response.set_cookie(
            COOKIE, value, max_age=KNOWN, samesite="Lax", secure=settings.SECURE, httponly=True
        )


def unscoped_locked_users(users: QuerySet[User]) -> QuerySet[User]:
    """Return those of the users whom strangers have locked."""
    attempts = FailedAttempts.objects.locked().filter(domain=OuterRef("domain_id"), name=OuterRef("name"))
    return users.filter(Exists(attempts))


def locked_ids(users: list[User]) -> set[str]:
    """Return the ids of those of the users whom strangers have locked. One query."""
    rows = User.objects.filter(pk__in=[user.pk for user in users])
    return set(unscoped_locked_users(rows).values_list("pk", flat=True))


@transaction.atomic
def lift(context: Context, user_id: str) -> User:
    """Unlock the user for everybody. Raise Forbidden, NotFound."""
    user = scoping.get_within(context, "user:write", User.objects.all(), user_id, "user")
    FailedAttempts.objects.filter(domain=user.domain_id, name=user.name).delete()
    audit.record(context, "user.unlock", user)
    return user


def _default_domain(request: HttpRequest, name: str) -> str:
    if settings.LDAP is None or not is_text(name):
        return Domain.DEFAULT_ID
    if authentication.look_up(request, name, Domain.DEFAULT_ID).user is not None:
        return Domain.DEFAULT_ID
    return external_users.find_domain(settings.LDAP.domain).id


def _device(request: HttpRequest, domain: str, name: str) -> str:
    """Return what the name knows the client by; empty for a stranger. At most one query."""
    browser = _browser(request, domain, name)
    if browser is not None:
        return browser
    address = client_address(request)
    rows = KnownAddress.objects.filter(domain=domain, name=name, address=address)
    return address if address and rows.exists() else ""


def _browser(request: HttpRequest, domain: str, name: str) -> str | None:
    """Return the key in the browser's cookie; None if nobody of this name has signed in there."""
    try:
        owner_domain, owner, key = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=KNOWN)
    except (signing.BadSignature, ValueError):
        return None
    return str(key) if (owner_domain, owner) == (domain, name) else None


def _is_name(domain: object, name: object) -> bool:
    """Return whether there can be attempts as this name."""
    return (domain == "" or is_text(domain, 64)) and is_text(name)
