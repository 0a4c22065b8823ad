"""`/attachments`: which instances have which volumes, since 3.27. The Compute API attaches and detaches."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.errors import Conflict
from accounts.names import is_text
from accounts.openstack import ids
from accounts.openstack.contract import contract
from accounts.openstack.microversions import Version
from accounts.openstack.times import without_zone
from compute.api.faults import NotImplementedHere
from compute.volumes.api.base import BLOCK_STORAGE, VolumeView
from compute.volumes.api.lists import RowList
from compute.volumes.api.schemas import attachments as schemas
from compute.volumes.api.volume_filters import NOTHING
from compute.volumes.models import Attachment
from compute.volumes.services import attachments
from compute.volumes.states import VolumeTask

SINCE = Version(3, 27)


class _List(RowList):
    since = SINCE
    name = "attachments"

    def rows(self) -> QuerySet[Attachment]:
        query = self.request.query_params
        rows = attachments.visible_to(self.context, all_projects=self.all_projects)
        for name, column in {"volume_id": "volume", "instance_id": "instance"}.items():
            if value := query.get(name):
                rows = rows.filter(Q(**{column: key}) if (key := ids.uuid(value)) else NOTHING)
        if project := query.get("project_id"):
            rows = rows.filter(Q(volume__project=project) if is_text(project) else NOTHING)
        for name in ("status", "attach_status"):
            if value := query.get(name):
                rows = rows.filter(_STATES.get(value, NOTHING))
        return rows


class Attachments(_List):
    path = "attachments"

    def show(self, row: Attachment) -> dict[str, Any]:
        return brief(row)

    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()

    @contract(body=schemas.CREATE, answers={501: BLOCK_STORAGE.error_schema})
    def post(self, request: Request) -> HttpResponse:
        """Attach a volume, which only the Compute API does."""
        raise NotImplementedHere(_("Attach the volume by the Compute API, which knows the instance's host."))


class AttachmentsInDetail(_List):
    path = "attachments/detail"

    def show(self, row: Attachment) -> dict[str, Any]:
        return full(row)

    @contract(query=schemas.QUERY, answers={200: schemas.DETAIL})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()


class OneAttachment(VolumeView):
    since = SINCE
    conflict = 409

    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"attachment": full(attachments.get(self.context, key))})

    @contract(answers={409: BLOCK_STORAGE.error_schema})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Refuse to take a volume from under an instance, as Cinder does (its security note OSSA-2023-003)."""
        row = attachments.get(self.context, key)
        sentence = _("Detach volume from instance %(id)s using the Compute API.")
        raise Conflict(sentence % {"id": row.instance_id})


def brief(row: Attachment) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "status": _status(row),
        "instance": str(row.instance_id),
        "volume_id": str(row.volume_id),
    }


def full(row: Attachment) -> dict[str, Any]:
    """Return an attachment in detail. How its host reaches the disk is nobody else's matter."""
    return brief(row) | {
        "attached_at": without_zone(row.attached_at) if row.attached_at else None,
        "detached_at": None,
        "attach_mode": "ro" if row.volume.read_only else "rw",
        "connection_info": {},
    }


def _status(row: Attachment) -> str:
    if row.volume.task_state == VolumeTask.DETACHING:
        return "detaching"
    return "attached" if row.attached_at else "attaching"


_DETACHING = Q(volume__task_state=VolumeTask.DETACHING)
_STATES = {
    "detaching": _DETACHING,
    "attached": Q(attached_at__isnull=False) & ~_DETACHING,
    "attaching": Q(attached_at=None) & ~_DETACHING,
}
