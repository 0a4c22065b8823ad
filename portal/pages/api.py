"""The document of all APIs: OpenAPI for programs, pages for people."""

from itertools import groupby

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.errors import NotFound
from portal import api_calls, api_reference, lists, openapi
from portal.requests import Request, live_page, page


@login_not_required
@require_safe
def schema(request: Request) -> HttpResponse:
    """Return JSON, or YAML by `?format=yaml` or if only that is accepted. It tells nothing of the installation."""
    wants_yaml = "yaml" in request.GET.get("format", request.headers.get("Accept", ""))
    form = "yaml" if wants_yaml else "json"
    return HttpResponse(openapi.text(form), content_type=f"application/{form}")


@require_safe
def document(request: Request) -> HttpResponse:
    """Show the calls that have every word of `search`, by topic."""
    query = lists.parse_query(request)
    words = query.search.lower().split()
    operations = sorted(
        (each for each in api_calls.operations() if all(word in each.text for word in words)),
        key=lambda operation: operation.topic,
    )
    topics = [
        (topic, list(calls)) for topic, calls in groupby(operations, key=lambda operation: operation.topic)
    ]
    values = {"topics": topics, "count": len(operations), "list_query": query}
    return live_page(request, "api/document.html", {"calls": "api/calls.html"}, values)


@require_safe
def call(request: Request, call_key: str) -> HttpResponse:
    """Show one call: what it takes, what it answers, and an example of both."""
    operation = next((each for each in api_calls.operations() if each.key == call_key), None)
    if operation is None:
        raise NotFound
    values = {
        "operation": operation,
        "parameters": api_reference.parameters(operation),
        "example": api_reference.request_example(operation),
        "answers": api_reference.answers(operation),
    }
    return page(request, "api/call.html", values)
