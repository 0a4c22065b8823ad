"""`/snapshots`: the data of volumes at a moment."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, JsonResponse, QueryDict
from rest_framework.request import Request

from accounts.names import is_text
from accounts.openstack import ids
from accounts.openstack.comparisons import time_condition
from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.volumes.api.base import VolumeView
from compute.volumes.api.lists import RowList, either
from compute.volumes.api.schemas import volume_snapshots as schemas
from compute.volumes.api.volume_filters import NOTHING, order, pairs, status_condition, with_pairs
from compute.volumes.models import VolumeSnapshot
from compute.volumes.services import volume_snapshots
from compute.volumes.states import SnapshotState

SORTS = {
    "id": "pk",
    "name": "name",
    "display_name": "name",
    "status": "status",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "volume_id": "volume",
    "project_id": "project",
    "description": "description",
}


UNSHOWN = ("fault", "layer", "version")


class _List(RowList):
    name = "snapshots"

    def rows(self) -> QuerySet[VolumeSnapshot]:
        rows = volume_snapshots.visible_to(self.context, all_projects=self.all_projects)
        return _filtered(rows.select_related(None).defer(*UNSHOWN), self.request.query_params)


class Snapshots(_List):
    path = "snapshots"

    def show(self, row: VolumeSnapshot) -> dict[str, Any]:
        return brief(row, self.version.minor)

    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()

    @contract(body=schemas.CREATE, answers={202: schemas.CHANGED})
    def post(self, request: Request) -> HttpResponse:
        """Take a snapshot. Before 3.66, of a volume in use only with `force`."""
        body = self.body()["snapshot"]
        snapshot = volume_snapshots.create(
            self.context,
            body["volume_id"],
            name=either(body, "name"),
            description=either(body, "description"),
            texts=body.get("metadata"),
            of_used=self.at_least(66) or inputs.flag(body, "force", False),
        )
        return JsonResponse({"snapshot": brief(snapshot, self.version.minor)}, status=202)


class SnapshotsInDetail(_List):
    path = "snapshots/detail"

    def show(self, row: VolumeSnapshot) -> dict[str, Any]:
        return full(row, self.version.minor)

    @contract(query=schemas.QUERY, answers={200: schemas.DETAIL})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()


class OneSnapshot(VolumeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"snapshot": full(volume_snapshots.get(self.context, key), self.version.minor)})

    @contract(body=schemas.UPDATE, answers={200: schemas.CHANGED})
    def put(self, request: Request, key: str) -> HttpResponse:
        body = self.body()["snapshot"]
        changes = {
            name: value for name in ("name", "description") if (value := either(body, name)) is not None
        }
        volume_snapshots.act(self.context, key, "update", changes)
        return JsonResponse({"snapshot": brief(volume_snapshots.get(self.context, key), self.version.minor)})

    @contract(answers={202: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Delete the snapshot. The volume stays as it is."""
        volume_snapshots.act(self.context, key, "delete")
        return accepted()


class Action(VolumeView):
    @contract(body=schemas.ACTION, answers={202: None})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Reset the status, or delete whatever it is; for administrators."""
        ((name, value),) = self.body().items()
        if name == "os-force_delete":
            volume_snapshots.act(self.context, key, "force_delete")
        else:
            volume_snapshots.act(self.context, key, "reset_status", {"status": value["status"]})
        return accepted()


def brief(row: VolumeSnapshot, minor: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "description": row.description or None,
        "status": row.shown_status,
        "size": row.size_gib,
        "volume_id": row.volume_id,
        "metadata": row.metadata,
        "created_at": without_zone(row.created_at),
        "updated_at": without_zone(row.updated_at),
    }
    if minor >= 14:
        body["group_snapshot_id"] = None
    if minor >= 41:
        body["user_id"] = row.user_id
    if minor >= 65:
        body["consumes_quota"] = True
    return body


def full(row: VolumeSnapshot, minor: int) -> dict[str, Any]:
    """Return a snapshot in detail."""
    done = row.status == SnapshotState.AVAILABLE
    return brief(row, minor) | {
        "os-extended-snapshot-attributes:progress": "100%" if done else "0%",
        "os-extended-snapshot-attributes:project_id": row.project_id,
    }


def _filtered(rows: QuerySet[VolumeSnapshot], query: QueryDict) -> QuerySet[VolumeSnapshot]:
    """Return the snapshots that fit the query string, in its order. Raise BadInput."""
    for name, column in {"name": "name", "project_id": "project", "user_id": "user"}.items():
        if (value := query.get(name)) is not None:
            rows = rows.filter(Q(**{column: value}) if value == "" or is_text(value) else NOTHING)
    if value := query.get("status"):
        rows = rows.filter(status_condition(value))
    if value := query.get("volume_id"):
        rows = rows.filter(volume__in=ids.uuids([value]))
    if value := query.get("metadata"):
        rows = with_pairs(rows, "metadata", pairs("metadata", value))
    for name in ("created_at", "updated_at"):
        if value := query.get(name):
            for part in value.split(","):
                rows = rows.filter(time_condition(name, name, part))
    return rows.order_by(*order(query, SORTS), "-pk")
