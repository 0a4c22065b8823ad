"""One-time links, of which only the hash is stored."""

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from accounts.models import OneTimeLink, User


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def create(purpose: str, lifetime: timedelta, user: User | None = None) -> str:
    """Create a token for `purpose`, in place of earlier unused ones of the same purpose and user."""
    OneTimeLink.objects.filter(purpose=purpose, user=user, used_at=None).delete()
    token = secrets.token_urlsafe(32)
    OneTimeLink.objects.create(
        digest=_digest(token), purpose=purpose, user=user, expires_at=timezone.now() + lifetime
    )
    return token


def find(token: str, *purposes: str) -> OneTimeLink | None:
    """Return the unused, unexpired link of this token for one of the purposes, with its user."""
    rows = OneTimeLink.objects.select_related("user__domain")
    return rows.filter(
        digest=_digest(token), purpose__in=purposes, used_at=None, expires_at__gt=timezone.now()
    ).first()


def is_valid(purpose: str, token: str) -> bool:
    """Return whether the token is unused and unexpired."""
    return find(token, purpose) is not None


def use(purpose: str, token: str) -> bool:
    """Mark the token as used. Return whether it was valid; of two calls at once only one gets True."""
    return bool(
        OneTimeLink.objects.filter(
            digest=_digest(token), purpose=purpose, used_at=None, expires_at__gt=timezone.now()
        ).update(used_at=timezone.now())
    )
