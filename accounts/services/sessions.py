"""Browser sessions of users. Their counterparts in the APIs are tokens."""

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils import timezone

from accounts.addresses import client_address
from accounts.context import Context
from accounts.models import Token, User, UserSession
from accounts.services import audit, inputs, scoping

TOUCH_SECONDS = 300
"""How old a session's last-seen time may get before it is updated, so that most pages write nothing."""

ended = Signal()
"""Sent with the `keys` of ended sessions, so that their open connections are closed at once."""
all_ended = Signal()
"""Sent with `users` who have to sign in anew, so that what they opened without a session is closed too."""


def on_login(sender: Any, request: HttpRequest, user: User, **_signal: Any) -> None:
    """Record the session when Django signals a sign-in."""
    record(request, user)


def record_sign_in(request: HttpRequest, user: User) -> None:
    """Record the sign-in in the audit log."""
    context = Context(
        user=user,
        project=None,
        address=client_address(request),
        request_id=getattr(request, "request_id", ""),
    )
    audit.record(context, "session.begin", user)


def record(request: HttpRequest, user: User) -> None:
    """Record the user and the client of the request's session."""
    if request.session.session_key is None:
        request.session.create()
    key = str(request.session.session_key)
    UserSession.objects.update_or_create(session_id=key, defaults={"user": user} | _client_fields(request))
    cache.set(_mark(key), b"seen", TOUCH_SECONDS)


def touch(request: HttpRequest) -> None:
    """Update time and address of the session's last request every few minutes, also without a cache."""
    key = request.session.session_key or ""
    if cache.get(_mark(key)) is None:
        rows = UserSession.objects.filter(session=key)
        if rows.filter(seen_at__lt=timezone.now() - timedelta(seconds=TOUCH_SECONDS)).exists():
            rows.update(**_client_fields(request))
        cache.set(_mark(key), b"seen", TOUCH_SECONDS)


def visible_to(context: Context, user_id: str) -> QuerySet[UserSession]:
    """Return a user's live sessions. Raise Forbidden for those of others without `user:read`."""
    scoping.enforce_user(context, user_id, "user:read")
    rows = UserSession.objects.select_related("session")
    return rows.filter(user=user_id, session__expire_date__gt=timezone.now())


@transaction.atomic
def end(context: Context, user_id: str, session_id: str) -> UserSession:
    """End one session, effective at the next request. Raise Forbidden, NotFound."""
    scoping.enforce_user(context, user_id, "user:write")
    session = inputs.get_or_404(
        UserSession.objects.select_related("user").filter(user=user_id), session_id, "session"
    )
    _drop(UserSession.objects.filter(pk=session.pk))
    audit.record(context, "session.end", session.user)
    return session


@transaction.atomic
def end_everywhere(context: Context, user_id: str) -> None:
    """End every session and token of the user. Raise Forbidden, NotFound."""
    scoping.enforce_user(context, user_id, "user:write")
    user = inputs.get_or_404(User.objects.all(), user_id, "user")
    drop(User.objects.filter(pk=user_id))
    Token.objects.filter(user=user_id).delete()
    audit.record(context, "session.end_everywhere", user)


def drop(users: QuerySet[User], *, but: str = "") -> None:
    """End all sessions of these users except the one with the key `but`, without any authorisation."""
    _drop(UserSession.objects.filter(user__in=users).exclude(session=but))
    all_ended.send(__name__, users=users)


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
