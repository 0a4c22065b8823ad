"""`/servers/{id}/remote-consoles`: an address that shows the screen once, to whoever opens it first."""

from datetime import timedelta
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import BadInput
from accounts.openstack.microversions import Version
from accounts.services import inputs
from compute.api.base import ComputeView
from compute.instances.api.servers import find
from compute.instances.models import Instance
from compute.instances.services import consoles

OPEN_WITHIN = timedelta(minutes=10)
"""As long as Nova's console tokens live."""


class RemoteConsoles(ComputeView):
    since = Version(2, 6)

    def post(self, request: Request, key: str) -> HttpResponse:
        given = inputs.mapping(self.body(), "remote_console")
        instance = find(self, key)
        if (given.get("protocol"), given.get("type")) != ("vnc", "novnc"):
            raise BadInput(fields={"type": _("There is only the protocol vnc with the type novnc.")})
        shown = {"protocol": "vnc", "type": "novnc", "url": screen_url(self, instance)}
        return JsonResponse({"remote_console": shown})


def screen_url(view: ComputeView, instance: Instance) -> str:
    """In noVNC's form: the query's `path` says where the websocket is. Raises Forbidden, Conflict."""
    token = consoles.issue(view.context, instance, OPEN_WITHIN)
    path = quote(f"console/?token={token}", safe="")
    return f"{settings.PUBLIC_URL}{reverse('remote-console')}?path={path}"
