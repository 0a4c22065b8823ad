"""The document of all APIs: OpenAPI for programs, a page for people."""

from itertools import groupby

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portal import api_calls, openapi
from portal.requests import Request, page


@login_not_required
@require_safe
def schema(request: Request) -> HttpResponse:
    """Return JSON, or YAML by `?format=yaml` or if only that is accepted. It tells nothing of the installation."""
    wants_yaml = "yaml" in request.GET.get("format", request.headers.get("Accept", ""))
    form = "yaml" if wants_yaml else "json"
    return HttpResponse(openapi.text(form), content_type=f"application/{form}")


@require_safe
def document(request: Request) -> HttpResponse:
    """Show every call by its topic."""
    operations = sorted(api_calls.operations(), key=lambda operation: operation.topic)
    topics = [
        (topic, list(calls)) for topic, calls in groupby(operations, key=lambda operation: operation.topic)
    ]
    return page(request, "api/document.html", {"topics": topics, "count": len(operations)})
