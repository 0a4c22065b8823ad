"""One-time links: made once, shown once, kept as a hash, burnt at use."""

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from accounts.models import OneTimeLink, User


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def create(purpose: str, lifetime: timedelta, user: User | None = None) -> str:
    """Create a new token for `purpose`; earlier unused ones of the same purpose (and user) stop working."""
    OneTimeLink.objects.filter(purpose=purpose, user=user, used_at=None).delete()
    token = secrets.token_urlsafe(32)
    OneTimeLink.objects.create(
        digest=_digest(token), purpose=purpose, user=user, expires_at=timezone.now() + lifetime
    )
    return token


def find(token: str, *purposes: str) -> OneTimeLink | None:
    """Return the link of this token with its user, if it could be used now for one of the purposes."""
    rows = OneTimeLink.objects.select_related("user__domain")
    return rows.filter(
        digest=_digest(token), purpose__in=purposes, used_at=None, expires_at__gt=timezone.now()
    ).first()


def valid(purpose: str, token: str) -> bool:
    """Return whether the token could be used now."""
    return find(token, purpose) is not None


def use(purpose: str, token: str) -> bool:
    """Burn the token; False when it was wrong, late or used. Of two at once only one gets True."""
    return bool(
        OneTimeLink.objects.filter(
            digest=_digest(token), purpose=purpose, used_at=None, expires_at__gt=timezone.now()
        ).update(used_at=timezone.now())
    )
