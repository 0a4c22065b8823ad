"""Messages about what failed, since 3.3."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack.contract import contract
from accounts.openstack.microversions import Version
from accounts.openstack.responses import no_content
from accounts.openstack.times import without_zone
from compute.engine.models import Operation
from compute.volumes.api.base import VolumeView, links_of
from compute.volumes.api.lists import RowList
from compute.volumes.api.schemas import messages as schemas
from compute.volumes.services import volume_messages
from compute.volumes.services.volume_messages import Message

SINCE = Version(3, 3)
LEVEL = "ERROR"
"""The only one that Cinder writes too."""


class Messages(RowList):
    since = SINCE
    path = name = "messages"

    def show(self, row: Operation) -> dict[str, Any]:
        return _body(Message(operation=row))

    def rows(self) -> QuerySet[Operation]:
        query = self.request.query_params
        rows = volume_messages.visible_to(
            self.context,
            resource_uuid=query.get("resource_uuid", ""),
            resource_type=query.get("resource_type", ""),
            request_id=query.get("request_id", ""),
            event_id=query.get("event_id", ""),
        )
        return rows if query.get("message_level", LEVEL).upper() == LEVEL else rows.none()

    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()


class OneMessage(VolumeView):
    since = SINCE

    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"message": _body(volume_messages.get(self.context, key))})

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Show the message no more. The operation stays in the history."""
        volume_messages.delete(self.context, key)
        return no_content()


def _body(message: Message) -> dict[str, Any]:
    operation = message.operation
    return {
        "id": str(operation.pk),
        "event_id": message.event_id,
        "message_level": LEVEL,
        "user_message": message.text,
        "request_id": operation.request_id,
        "resource_type": message.resource_type,
        "resource_uuid": str(operation.subject_id),
        "created_at": without_zone(message.at),
        "guaranteed_until": without_zone(message.guaranteed_until),
        "links": links_of(f"messages/{operation.pk}"),
    }
