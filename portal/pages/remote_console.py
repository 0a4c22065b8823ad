"""The screen behind an address of the Compute API. Its one-use token is the proof, so no session is needed."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.requests import Request


@never_cache
@login_not_required
@require_safe
def screen(request: Request) -> HttpResponse:
    """Show the page without the token. Its script takes it out of the address and of the browser's history."""
    response = render(request, "console/remote.html")
    response["Referrer-Policy"] = "no-referrer"
    return response
