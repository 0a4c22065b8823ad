"""Health of every part of the cloud, with advice for what fails."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts import policy
from compute.management import health
from portal.requests import Request, is_htmx, page


@require_safe
def checks(request: Request) -> HttpResponse:
    """Show the results of `manage.py doctor`. The page comes at once, then asks for them."""
    policy.enforce(request.context, "health:read")
    if not is_htmx(request):
        return page(request, "health/health.html")
    results = health.checks()
    return page(
        request,
        "health/checks.html",
        {
            "checks": results,
            "wrong": [check for check in results if not check.ok],
            "limited": any(check.limited for check in results),
        },
    )
