"""How wrong attempts at signing in are counted (django-axes)."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from django.conf import settings
from django.http import HttpRequest

from accounts import authentication
from accounts.names import is_text
from accounts.services import audit


class Attempts(AxesDatabaseHandler):
    """In the database; whoever made no wrong attempt, which is nearly everybody, has none to be forgotten."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Count only what the name's row says was there."""
        name, domain = get_client_username(request, credentials), (credentials or {}).get("domain")
        if is_text(name) and is_text(domain):
            user = authentication.named(request, name, domain)
            request.never_refused = name if user and not user.was_refused else None  # type: ignore[attr-defined]
        return not _is_clean(request, credentials) and bool(super().is_locked(request, credentials))

    def user_login_failed(
        self,
        sender: Any,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        """Count it, and note in the audit log that the name is locked now for this address."""
        if request is not None:
            if _is_clean(request, credentials):
                # As for an unknown name, or time would tell which it is.
                self.get_failures(request, credentials)
            request.never_refused = None  # type: ignore[attr-defined]
        super().user_login_failed(sender, credentials, request, **kwargs)
        if getattr(request, "axes_failures_since_start", 0) == settings.AXES_FAILURE_LIMIT:
            name = str(get_client_username(request, credentials))[:255]
            address = getattr(request, "axes_ip_address", None)
            audit.record(None, "user.lock", audit.Target(type="user", name=name), address=address)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Forget them, where there were any."""
        return (
            0 if _is_clean(request, credentials) else int(super().reset_user_attempts(request, credentials))
        )


def _is_clean(request: HttpRequest, credentials: dict[str, Any] | None) -> bool:
    """Whether it is known that the name has no wrong attempts; a request may give another one for its code."""
    name = get_client_username(request, credentials)
    return bool(name) and name == getattr(request, "never_refused", None)
