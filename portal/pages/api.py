"""The document of all APIs: for programs as OpenAPI, for people as a page."""

from itertools import groupby

import yaml
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from portal import openapi
from portal.requests import Request, page


@login_not_required
@require_safe
def schema(request: Request) -> HttpResponse:
    """JSON; YAML by `?format=yaml` or where only that is accepted. It tells nothing about the installation."""
    wants_yaml = "yaml" in request.GET.get("format", request.headers.get("Accept", ""))
    document = openapi.document()
    if not wants_yaml:
        return JsonResponse(document, json_dumps_params={"indent": 1})
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return HttpResponse(text, content_type="application/yaml")


@require_safe
def document(request: Request) -> HttpResponse:
    """Every call by its subject."""
    operations = sorted(openapi.operations(), key=lambda operation: operation.topic)
    topics = [
        (topic, list(found)) for topic, found in groupby(operations, key=lambda operation: operation.topic)
    ]
    return page(request, "api/document.html", {"topics": topics, "count": len(operations)})
