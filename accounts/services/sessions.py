"""Browser sessions: whose they are, and how they end. The API's counterpart are tokens."""

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils import timezone

from accounts import policy
from accounts.addresses import client_address
from accounts.context import Context
from accounts.models import Token, User, UserSession
from accounts.services import audit, inputs

TOUCH_SECONDS = 300
"""How old a session's last-seen time may get before it is written anew: a page costs no write."""

ended = Signal()
"""Sent after sessions ended, with their `keys`, so that open connections can be closed at once."""


def on_login(sender: Any, request: HttpRequest, user: User, **_signal: Any) -> None:
    """Django's signal that somebody signed in."""
    record(request, user)


def record_sign_in(request: HttpRequest, user: User) -> None:
    """Somebody came in through the front, by whichever proof; the audit log says so."""
    context = Context(
        user=user,
        project=None,
        address=client_address(request),
        request_id=getattr(request, "request_id", ""),
    )
    audit.record(context, "session.begin", user)


def record(request: HttpRequest, user: User) -> None:
    """Note whose the session of the request is now, and from where."""
    if request.session.session_key is None:
        request.session.create()
    key = str(request.session.session_key)
    UserSession.objects.update_or_create(session_id=key, defaults={"user": user} | _client_fields(request))
    cache.set(_mark(key), b"seen", TOUCH_SECONDS)


def touch(request: HttpRequest) -> None:
    """Keep time and address of the last visit, to a few minutes. Without the cache the row says whether it is time."""
    key = request.session.session_key or ""
    if cache.get(_mark(key)) is None:
        rows = UserSession.objects.filter(session=key)
        if rows.filter(seen_at__lt=timezone.now() - timedelta(seconds=TOUCH_SECONDS)).exists():
            rows.update(**_client_fields(request))
        cache.set(_mark(key), b"seen", TOUCH_SECONDS)


def visible_to(context: Context, user_id: str) -> QuerySet[UserSession]:
    """Return a user's live sessions. Raise Forbidden unless they are the asker's, or the asker may read users."""
    policy.enforce_own(context, user_id, "user:read")
    rows = UserSession.objects.select_related("session")
    return rows.filter(user=user_id, session__expire_date__gt=timezone.now())


@transaction.atomic
def end(context: Context, user_id: str, session_id: str) -> UserSession:
    """Sign one session out; counts at the next request. Raise NotFound."""
    policy.enforce_own(context, user_id, "user:write")
    session = inputs.get_or_404(
        UserSession.objects.select_related("user").filter(user=user_id), session_id, "session"
    )
    _drop(UserSession.objects.filter(pk=session.pk))
    audit.record(context, "session.end", session.user)
    return session


@transaction.atomic
def end_everywhere(context: Context, user_id: str) -> None:
    """Sign out every session of the user, and end every token. Raise NotFound for an unknown user."""
    policy.enforce_own(context, user_id, "user:write")
    user = inputs.get_or_404(User.objects.all(), user_id, "user")
    drop(User.objects.filter(pk=user_id))
    Token.objects.filter(user=user_id).delete()
    audit.record(context, "session.end_everywhere", user)


def drop(users: QuerySet[User], *, but: str = "") -> None:
    """End all sessions of these users except the one with the key `but`. For services that decided so."""
    _drop(UserSession.objects.filter(user__in=users).exclude(session=but))


def _drop(rows: QuerySet[UserSession]) -> None:
    keys = list(rows.values_list("session", flat=True))
    if keys:
        Session.objects.filter(pk__in=keys).delete()
        transaction.on_commit(lambda: ended.send(__name__, keys=keys))


def _client_fields(request: HttpRequest) -> dict[str, Any]:
    return {
        "seen_at": timezone.now(),
        "address": client_address(request),
        "user_agent": request.headers.get("User-Agent", "")[:512].replace("\0", ""),
    }


def _mark(key: str) -> str:
    return f"accounts.session-seen.{key}"
