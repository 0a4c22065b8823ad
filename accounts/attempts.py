"""Count failed sign-ins (django-axes)."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from django.conf import settings
from django.http import HttpRequest

from accounts import authentication
from accounts.names import is_text
from accounts.services import audit


class Attempts(AxesDatabaseHandler):
    """Count attempts in the database, without a query where the sign-in's own query has found none."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Return whether the name is locked for this address."""
        name, domain = get_client_username(request, credentials), (credentials or {}).get("domain")
        if is_text(name) and is_text(domain) and not authentication.look_up(request, name, domain).has_failed:
            return False
        return bool(super().is_locked(request, credentials))

    def user_login_failed(
        self,
        sender: Any,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        """Count the attempt. Record in the audit log when it locks the name for this address."""
        if request is not None:
            authentication.note_attempt(request)
        super().user_login_failed(sender, credentials, request, **kwargs)
        if getattr(request, "axes_failures_since_start", 0) == settings.AXES_FAILURE_LIMIT:
            name = str(get_client_username(request, credentials))[:255]
            address = getattr(request, "axes_ip_address", None)
            audit.record(None, "user.lock", audit.Target(type="user", name=name), address=address)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Remove the attempts of the name."""
        if authentication.has_no_attempts(request, get_client_username(request, credentials)):
            return 0
        return int(super().reset_user_attempts(request, credentials))
