"""Answers to nginx before it passes on a connection."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from compute.hosts.services import console_addresses
from compute.hosts.services.console_addresses import Part
from portal.requests import Request

WEB = "web"
"""The upstream of the page for unknown addresses."""


@login_not_required
@require_safe
def console(request: Request, part: str, host_id: str) -> HttpResponse:
    """Return the address of the host's console process in a header. Only nginx can ask this."""
    try:
        upstream = console_addresses.upstream(UUID(host_id), Part(part))
    except ValueError:
        upstream = ""
    return HttpResponse(status=204, headers={"X-Console": upstream or WEB})
