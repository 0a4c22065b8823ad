"""How wrong attempts at signing in are counted (django-axes)."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest

from accounts.prepared import Prepared
from accounts.services import audit

_OF_NAME = Prepared(lambda name: AccessAttempt.objects.filter(username=name).values_list("username")[:1])


class Attempts(AxesDatabaseHandler):
    """In the database; whoever made no wrong attempt, which is nearly everybody, has none to be forgotten."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        name = get_client_username(request, credentials)
        tried = not isinstance(name, str) or _OF_NAME.rows(name=name)
        found = int(super().get_failures(request, credentials)) if tried else 0
        request.axes_failures = found + getattr(request, "axes_failures", 0)  # type: ignore[attr-defined]
        return found

    def user_login_failed(
        self,
        sender: Any,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        """Count it, and note in the audit log that the name is locked now for this address."""
        super().user_login_failed(sender, credentials, request, **kwargs)
        if getattr(request, "axes_failures_since_start", 0) == settings.AXES_FAILURE_LIMIT:
            name = str(get_client_username(request, credentials))[:255]
            address = getattr(request, "axes_ip_address", None)
            audit.record(None, "user.lock", target_type="user", target_name=name, address=address)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Forget them, unless this request has counted them and found none."""
        if getattr(request, "axes_failures", 1) == 0:
            return 0
        return int(super().reset_user_attempts(request, credentials))
