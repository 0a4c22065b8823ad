"""Signing in and out."""

import contextlib
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe
from redis.exceptions import RedisError

from accounts.models import User
from accounts.services import setup
from portal import groups, single_sign_on
from portal.apis import is_api
from portal.forms import Form
from portal.pages import errors
from portal.requests import Request, page
from portal.themes import THEME_COOKIE

BACKEND = "accounts.authentication.PasswordBackend"
YEAR = 60 * 60 * 24 * 365


class SignIn(Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=255,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@login_not_required
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; what was wrong of the two is not said."""
    to = safe_next(request)
    if request.user.is_authenticated:
        return redirect(to)
    form = SignIn(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        user = authenticate(request, username=given["name"], password=given["password"])
        if isinstance(user, User):
            return enter(request, user, to)
        form.add_error(None, _("Name and password do not fit together."))
    values = {"form": form, "next": to, "is_set_up": setup.is_done(), "provider": settings.OIDC}
    return page(request, "accounts/sign_in.html", values, status=401 if form.errors else 200)


def enter(request: HttpRequest, user: User, to: str) -> HttpResponse:
    """Begin the user's session, in their language and theme."""
    login(request, user, backend=BACKEND)
    response = redirect(to)
    remember(response, THEME_COOKIE, user.theme)
    if user.language:
        remember(response, settings.LANGUAGE_COOKIE_NAME, user.language)
    return response


@require_POST
def sign_out(request: Request) -> HttpResponse:
    """End the session, and every live connection that stands on it."""
    key = request.session.session_key or ""
    way_out = single_sign_on.way_out(request)
    logout(request)
    # Where Redis is away, connections that stand on this session end at their next check.
    with contextlib.suppress(RedisError, OSError):
        async_to_sync(get_channel_layer().group_send)(groups.of_session(key), {"type": "signed.out"})
    return single_sign_on.farewell(request, way_out) if way_out else redirect("sign-in")


@login_not_required
def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """Too many wrong passwords for this name from this address. An API answers as to any wrong one."""
    if response is not None and is_api(request):
        return response
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    answer = errors.answer(
        request, 429, _("Wait %(minutes)s minutes, then try again.") % {"minutes": minutes}
    )
    answer["Retry-After"] = str(minutes * 60)
    return answer


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """For balancers and supervisors: this process answers. Touches neither database nor Redis."""
    return HttpResponse("ok\n", content_type="text/plain")


def remember(response: HttpResponse, cookie: str, value: str) -> None:
    """Keep a preference in the browser for a year, for pages before signing in."""
    response.set_cookie(cookie, value, max_age=YEAR, samesite="Lax", secure=settings.SECURE, httponly=True)


def safe_next(request: HttpRequest) -> str:
    """Where to go afterwards: a page of ours or the overview, never another site."""
    to = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    return to if own else resolve_url(settings.LOGIN_REDIRECT_URL)
