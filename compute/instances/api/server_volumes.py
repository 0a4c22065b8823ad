"""`/servers/{id}/os-volume_attachments`: the volumes of a server."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.openstack import ids
from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted
from accounts.services import inputs
from compute.api.base import COMPUTE, ComputeView
from compute.engine.actions.begin import begin
from compute.instances.api.schemas import server_volumes as schemas
from compute.instances.api.servers import find
from compute.instances.models import Instance
from compute.volumes.models import Attachment
from compute.volumes.services import volumes
from compute.volumes.states import ATTACHABLE


class Volumes(ComputeView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request, key: str) -> HttpResponse:
        instance = find(self, key)
        query = request.query_params
        start, limit = int(query.get("offset") or 0), COMPUTE.paging.limit(query)
        rows = _of(instance)[start:]
        return JsonResponse({"volumeAttachments": [_show(self, row) for row in rows[:limit]]})

    @contract(body=schemas.ATTACH, answers={200: schemas.SHOWN})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Attach a volume."""
        instance, body = find(self, key), self.body()["volumeAttachment"]
        volume_id = ids.uuid(str(body["volumeId"]))
        policy.enforce(self.context, "volume:attach")
        volume = volumes.get(self.context, volume_id)
        if volume.task_state or volume.status not in ATTACHABLE:
            raise BadInput(_("The volume is %(status)s.") % {"status": volume.shown_status})
        parameters = {"instance": str(instance.pk), "device": body.get("device"), "tag": body.get("tag")}
        if "delete_on_termination" in body:
            parameters["delete_on_termination"] = body["delete_on_termination"]
        begin(self.context, "volume.attach", str(volume_id), parameters=parameters)
        return JsonResponse({"volumeAttachment": _show(self, _get(instance, str(volume_id)))})


class OneVolume(ComputeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str, volume: str) -> HttpResponse:
        return JsonResponse({"volumeAttachment": _show(self, _get(find(self, key), volume))})

    @contract(body=schemas.UPDATE, answers={202: None})
    def put(self, request: Request, key: str, volume: str) -> HttpResponse:
        """Change whether the volume is deleted with the server, since 2.85. Volumes are not swapped."""
        row = _get(find(self, key), volume)
        body = self.body()["volumeAttachment"]
        if body["volumeId"] != str(row.volume_id):
            raise BadInput(
                fields={
                    "volumeId": _(
                        "Volumes are not swapped under a server. Detach this one, then attach the other."
                    )
                }
            )
        if "delete_on_termination" in body:
            ends = inputs.flag(body, "delete_on_termination", row.delete_on_termination)
            begin(
                self.context,
                "volume.set_termination",
                row.volume_id,
                parameters={"delete_on_termination": ends},
            )
        return accepted()

    @contract(answers={202: None})
    def delete(self, request: Request, key: str, volume: str) -> HttpResponse:
        """Detach a volume, once the guest has released it."""
        row = _get(find(self, key), volume)
        begin(self.context, "volume.detach", row.volume_id)
        return accepted()


def _of(instance: Instance) -> list[Attachment]:
    rows = Attachment.objects.filter(instance=instance, released=False).select_related("volume__disk")
    return list(rows.order_by("created_at", "pk"))


def _get(instance: Instance, volume: str) -> Attachment:
    """Return the attachment of a volume. Raise NotFound."""
    key = ids.uuid(volume)
    row = next((row for row in _of(instance) if row.volume_id == key), None)
    if row is None:
        raise NotFound(_("The server has no volume %(id)s.") % {"id": volume[:64]})
    return row


def _show(view: ComputeView, row: Attachment) -> dict[str, Any]:
    disk = row.volume.disk
    body: dict[str, Any] = {
        "serverId": str(row.instance_id),
        "volumeId": str(row.volume_id),
        "device": f"/dev/{disk.device}" if disk and disk.device else None,
    }
    if view.at_least(89):
        body |= {"attachment_id": str(row.pk), "bdm_uuid": str(row.pk)}
    else:
        body["id"] = str(row.volume_id)
    if view.at_least(70):
        body["tag"] = row.tag or None
    if view.at_least(79):
        body["delete_on_termination"] = row.delete_on_termination
    return body
