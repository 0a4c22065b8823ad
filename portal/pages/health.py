"""Whether every part of the cloud works, and what to do where it does not."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts import policy
from compute.management import health
from portal.requests import Request, is_htmx, page


@require_safe
def checks(request: Request) -> HttpResponse:
    """The lines that `manage.py doctor` prints too. The page comes at once and asks for them by itself."""
    policy.enforce(request.context, "health:read")
    if not is_htmx(request):
        return page(request, "health/health.html")
    results = health.checks()
    return page(
        request,
        "health/checks.html",
        {"checks": results, "wrong": [check for check in results if not check.ok]},
    )
