"""Whether every part of the cloud works, and what to do where it does not."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts import policy
from compute.services import health
from portal.requests import Request, live_page


@require_safe
def checks(request: Request) -> HttpResponse:
    """The same lines that `manage.py doctor` prints."""
    policy.enforce(request.context, "health:read")
    found = health.checks()
    values = {"checks": found, "wrong": [check for check in found if not check.ok]}
    return live_page(request, "health/health.html", {"checks": "health/checks.html"}, values)
