"""`/servers/{id}/remote-consoles`: an address that opens the screen once."""

from datetime import timedelta
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from rest_framework.request import Request

from accounts.openstack.contract import contract
from accounts.openstack.microversions import Version
from compute.api.base import ComputeView
from compute.instances.api.schemas import server_parts as schemas
from compute.instances.api.servers import find
from compute.instances.models import Instance
from compute.instances.services import consoles

TOKEN_LIFETIME = timedelta(minutes=10)
"""The same as for Nova's console tokens."""


class RemoteConsoles(ComputeView):
    since = Version(2, 6)

    @contract(body=schemas.CREATE_CONSOLE, answers={200: schemas.CONSOLE})
    def post(self, request: Request, key: str) -> HttpResponse:
        body = {"protocol": "vnc", "type": "novnc", "url": screen_url(self, find(self, key))}
        return JsonResponse({"remote_console": body})


def screen_url(view: ComputeView, instance: Instance) -> str:
    """Return an address in noVNC's form, whose `path` names the websocket. Raise Forbidden, Conflict."""
    token = consoles.issue(view.context, instance, TOKEN_LIFETIME)
    path = quote(consoles.screen_path(instance, token).removeprefix("/"), safe="")
    return f"{settings.PUBLIC_URL}{reverse('remote-console')}?path={path}"
