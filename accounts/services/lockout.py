"""Counts wrong passwords and codes by name and address, and refuses for a while after too many (django-axes)."""

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from accounts.errors import NotSignedIn


def refuse_locked(request: HttpRequest, name: str) -> None:
    """Raise NotSignedIn while the name is locked for this address; pages show how long (`axes_locked_out`)."""
    if not AxesProxyHandler.is_allowed(request, {"username": name}):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        raise NotSignedIn


def failed(request: HttpRequest, name: str) -> None:
    """Count one wrong attempt."""
    user_login_failed.send(__name__, credentials={"username": name}, request=request)


def succeeded(request: HttpRequest, name: str) -> None:
    """Whoever got in has no wrong attempts any more. Sign-in by a session says so by itself."""
    AxesProxyHandler.update_request(request)
    AxesProxyHandler.get_implementation().reset_user_attempts(request, {"username": name})
