"""Pages of errors: the reason, and a way back."""

import sys
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import MeridianError
from portal.apis import service_of
from portal.requests import is_htmx, page
from portal.signing_in import safe_next
from portal.themes import THEME_COOKIE, THEMES

TITLES: dict[int, str | Promise] = {
    400: _("That did not work"),
    403: _("No permission"),
    404: _("Not found"),
    409: _("Not now"),
    413: _("Too large"),
    429: _("Too many attempts"),
    503: _("Please wait a moment"),
}


def problem(request: HttpRequest, error: MeridianError) -> HttpResponse:
    """Return the page of an error for people."""
    texts = [str(error), *(str(text) for text in error.fields.values() if text)]
    return answer(request, error.status, " ".join(texts))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 400, _("The browser sent something that we cannot read."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 403, _("Your role does not allow this."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 404, _("Not found, or you have no access."))


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was open too long, or a browser without cookies.

    A sign-in in one tab makes the forms of all others too old. So those that sign in begin anew, and who is signed in
    by now goes on.
    """
    match = request.resolver_match
    if match and str(match.url_name).startswith("sign-in") and settings.CSRF_COOKIE_NAME in request.COOKIES:
        to = safe_next(request)
        if request.user.is_authenticated:
            messages.info(request, _("You are signed in as %(name)s already.") % {"name": request.user})
            return redirect(to)
        messages.info(request, _("This page was open for too long. Please sign in again."))
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': to})}")
    sentence = _("Your session expired, or cookies are blocked. Go back, reload the page and try again.")
    return answer(request, 403, sentence)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a bug or a missing database. Works without the database, so it has no frame."""
    if service := service_of(request):
        return service.error(500, "An unexpected error prevented the server from fulfilling your request.")
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = answer(request, 503, _("The database does not answer. Try again shortly."))
        response["Retry-After"] = "5"
        return response
    sentence = _("This is a fault of ours. It was written to the log under the number below.")
    return answer(request, 500, sentence)


def answer(request: HttpRequest, status: int, text: str | Promise) -> HttpResponse:
    """Return a page with a sentence: in the frame for who is signed in, unless the fault is ours."""
    values: dict[str, Any] = {
        "status": status,
        "heading": TITLES.get(status, _("Something broke")),
        "text": text,
        # Only faults are worth asking about; and all that is not there must look alike.
        "request_id": getattr(request, "request_id", "") if status >= 500 else "",
        "retry": status in {429, 500, 503},
        "theme": request.COOKIES.get(THEME_COOKIE) if request.COOKIES.get(THEME_COOKIE) in THEMES else "auto",
    }
    if status < 500 and getattr(request, "context", None) is not None and not is_htmx(request):
        with suppress(DatabaseError):
            return page(request, "errors/framed.html", values, status)
    return HttpResponse(render_to_string("errors/problem.html", values), status=status)
