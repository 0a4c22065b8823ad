"""How wrong attempts at signing in are counted (django-axes)."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest


class Attempts(AxesDatabaseHandler):
    """In the database; whoever made no wrong attempt, which is nearly everybody, has none to be forgotten."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        found = int(super().get_failures(request, credentials))
        request.axes_failures = found + getattr(request, "axes_failures", 0)  # type: ignore[attr-defined]
        return found

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Forget them, unless this request has counted them and found none."""
        if getattr(request, "axes_failures", 1) == 0:
            return 0
        return int(super().reset_user_attempts(request, credentials))
