"""What the front door asks before it passes a connection on."""

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from compute.hosts.services import console_addresses
from compute.hosts.services.console_addresses import Part
from portal.requests import Request

WEB = "web"
"""Where the page is that says that there is no such address."""


@login_not_required
@require_safe
def console(request: Request, part: str, host_id: str) -> HttpResponse:
    """Say in a header where the host's console process is. nginx alone can ask this."""
    try:
        upstream = console_addresses.upstream(UUID(host_id), Part(part))
    except ValueError:
        upstream = ""
    return HttpResponse(status=204, headers={"X-Console": upstream or WEB})
