"""Steps from a right password to a session: a code of the second factor, a new password after expiry.

Nothing is stored here between the steps. A signed cookie names the user, and the session begins at the end.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.authentication import PasswordBackend
from accounts.models import User
from accounts.services import lockouts, passwords, second_factor, sessions
from portal.themes import THEME_COOKIE

BACKEND = "accounts.authentication.PasswordBackend"
COOKIE = "__Host-sign-in" if settings.SECURE else "sign-in"
SECONDS = 300
YEAR = 60 * 60 * 24 * 365
_SALT = "portal.signing-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A user who showed the password, and whether a code too."""

    user: User
    code_shown: bool


def proceed(request: HttpRequest, step: Step, to: str) -> HttpResponse:
    """Ask for the next proof, or sign the user in."""
    if not step.code_shown and second_factor.find(step.user):
        return _ask(step, "sign-in-code", to)
    if passwords.has_expired(step.user):
        return _ask(step, "sign-in-password", to)
    return enter(request, step.user, to)


def step_of(request: HttpRequest) -> Step | None:
    """Return the step in the browser's cookie; None if it is too old or the password has changed."""
    try:
        state = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=SECONDS)
        user_id, since, code_shown = state
    except (signing.BadSignature, ValueError):
        return None
    user = PasswordBackend().get_user(user_id)
    if user is None or user.password_changed_at.isoformat() != since:
        return None
    return Step(user=user, code_shown=code_shown)


def enter(request: HttpRequest, user: User, to: str) -> HttpResponse:
    """Begin the user's session, in their language and theme."""
    login(request, user, backend=BACKEND)
    lockouts.succeed(request, user.domain_id, user.name)
    sessions.record_sign_in(request, user)
    response = redirect(to)
    response.delete_cookie(COOKIE)
    lockouts.know_browser(request, response, user)
    remember(response, THEME_COOKIE, user.theme)
    if user.language:
        remember(response, settings.LANGUAGE_COOKIE_NAME, user.language)
    return response


def remember(response: HttpResponse, cookie: str, value: str) -> None:
    """Store a preference in the browser for a year, for pages before signing in."""
    response.set_cookie(cookie, value, max_age=YEAR, samesite="Lax", secure=settings.SECURE, httponly=True)


def safe_next(request: HttpRequest) -> str:
    """Return the address to go to afterwards: one of ours or the overview, never another site."""
    to = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    return to if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)


def _ask(step: Step, route: str, to: str) -> HttpResponse:
    user = step.user
    state = signing.dumps([user.id, user.password_changed_at.isoformat(), step.code_shown], salt=_SALT)
    response = redirect(f"{reverse(route)}?{urlencode({'next': to})}")
    response.set_cookie(COOKIE, state, max_age=SECONDS, samesite="Lax", secure=settings.SECURE, httponly=True)
    return response
