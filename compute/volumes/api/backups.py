"""`/backups`: copies of volumes' data in a store of their own."""

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
from compute.hosts.models import Hypervisor
from compute.volumes.actions.create import create
from compute.volumes.api.base import BLOCK_STORAGE, VolumeView
from compute.volumes.api.lists import RowList
from compute.volumes.api.schemas import backups as schemas
from compute.volumes.api.volume_filters import NOTHING, order, status_condition
from compute.volumes.models import Backup
from compute.volumes.services import backup_files, backup_records, backups, volumes
from compute.volumes.services.volume_request import VolumeRequest

SORTS = {
    "id": "pk",
    "name": "name",
    "status": "status",
    "size": "size_gib",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "volume_id": "volume",
    "project_id": "project",
}


UNSHOWN = (
    "plan",
    "disk",
    "checkpoint_in",
    "file_bytes",
    "verified_at",
    "bootable",
    "image_metadata",
    "volume_metadata",
    "version",
)


class _List(RowList):
    name = "backups"

    def rows(self) -> QuerySet[Backup]:
        rows = backups.visible_to(self.context, all_projects=self.all_projects)
        return _filtered(rows.defer(*UNSHOWN), self.request.query_params)


class Backups(_List):
    path = "backups"

    def show(self, row: Backup) -> dict[str, Any]:
        return brief(row)

    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()

    @contract(body=schemas.CREATE, answers={202: schemas.CREATED})
    def post(self, request: Request) -> HttpResponse:
        """Back up a volume or a snapshot; a volume in use only with `force`."""
        body = self.body()["backup"]
        backup = backups.create(
            self.context,
            body["volume_id"],
            name=body.get("name"),
            description=body.get("description"),
            texts=body.get("metadata"),
            incremental=_is_set(body, "incremental"),
            of_used=_is_set(body, "force"),
            snapshot_id=body.get("snapshot_id"),
        )
        return JsonResponse({"backup": brief(backup)}, status=202)


class BackupsInDetail(_List):
    path = "backups/detail"

    def show(self, row: Backup) -> dict[str, Any]:
        return full(row, self.version.minor)

    @contract(query=schemas.QUERY, answers={200: schemas.DETAIL})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()


class OneBackup(VolumeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"backup": full(backups.get(self.context, key), self.version.minor)})

    @contract(body=schemas.UPDATE, answers={200: schemas.CREATED})
    def put(self, request: Request, key: str) -> HttpResponse:
        """Change name, description and metadata, since 3.9."""
        body = self.body()["backup"]
        changes = {
            name: body[name] for name in ("name", "description", "metadata") if body.get(name) is not None
        }
        backups.act(self.context, key, "update", changes)
        return JsonResponse({"backup": brief(backups.get(self.context, key))})

    @contract(answers={202: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Delete the backup, unless later ones have only what changed since."""
        backups.act(self.context, key, "delete")
        return accepted()


class Restoration(VolumeView):
    @contract(body=schemas.RESTORE, answers={202: schemas.RESTORED})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Give a volume the data of the backup, or make a new volume of it."""
        body = self.body()["restore"] or {}
        backup = backups.get(self.context, key)
        if target := body.get("volume_id"):
            volumes.act(self.context, target, "restore", {"backup": str(backup.pk), "keep": False})
            volume = volumes.get(self.context, target)
        else:
            name = body.get("name") or f"restore_backup_{backup.pk}"
            volume = create(self.context, VolumeRequest(name=name, backup_id=backup.pk))
        restored = {"backup_id": str(backup.pk), "volume_id": str(volume.pk), "volume_name": volume.name}
        return JsonResponse({"restore": restored}, status=202)


class Action(VolumeView):
    @contract(body=schemas.ACTION, answers={202: None})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Reset the status, or delete whatever it is; for administrators."""
        ((name, value),) = self.body().items()
        if name == "os-force_delete":
            backups.act(self.context, key, "force_delete")
        else:
            backups.act(self.context, key, "reset_status", {"status": value["status"]})
        return accepted()


class ExportedRecord(VolumeView):
    @contract(answers={200: schemas.RECORD})
    def get(self, request: Request, key: str) -> HttpResponse:
        """Return what another database needs to know of the backup; for administrators."""
        return JsonResponse({"backup-record": backup_records.export(self.context, key)})


class ImportedRecord(VolumeView):
    @contract(body=schemas.IMPORT, answers={201: schemas.CREATED})
    def post(self, request: Request) -> HttpResponse:
        """Make a row of a backup whose file is in the store; for administrators."""
        record = self.body()["backup-record"]
        backup = backup_records.import_record(self.context, record["backup_service"], record["backup_url"])
        return JsonResponse({"backup": brief(backup)}, status=201)


def brief(row: Backup) -> dict[str, Any]:
    href = BLOCK_STORAGE.url(f"backups/{row.pk}")
    links = [{"rel": "self", "href": href}, {"rel": "bookmark", "href": href.replace("/v3/", "/")}]
    return {"id": str(row.pk), "name": row.name, "links": links}


def full(row: Backup, minor: int) -> dict[str, Any]:
    """Return a backup in detail."""
    body: dict[str, Any] = brief(row) | {
        "description": row.description or None,
        "status": row.shown_status,
        "size": row.size_gib,
        "object_count": 1 if row.checksum else 0,
        "fail_reason": row.fault["message"] if row.fault else None,
        "availability_zone": Hypervisor.DEFAULT_ZONE,
        "created_at": without_zone(row.created_at),
        "updated_at": without_zone(row.updated_at),
        "has_dependent_backups": row.is_needed,
        "volume_id": str(row.volume_id) if row.volume_id else None,
        "container": backup_files.backup_store().kind,
        "is_incremental": row.parent_id is not None,
        "snapshot_id": str(row.snapshot_key) if row.snapshot_key else None,
        "data_timestamp": without_zone(row.taken_at) if row.taken_at else None,
    }
    if minor >= 18:
        body["os-backup-project-attr:project_id"] = row.project_id
    if minor >= 43:
        body["metadata"] = row.metadata
    if minor >= 56:
        body["user_id"] = row.user_id
    return body


def _filtered(rows: QuerySet[Backup], query: QueryDict) -> QuerySet[Backup]:
    """Return the backups that fit the query string, in its order. Raise BadInput."""
    for name, column in {"name": "name", "project_id": "project", "user_id": "user"}.items():
        if (value := query.get(name)) is not None:
            rows = rows.filter(Q(**{column: value}) if value == "" or is_text(value) else NOTHING)
    if value := query.get("status"):
        rows = rows.filter(status_condition(value))
    if value := query.get("volume_id"):
        rows = rows.filter(volume__in=ids.uuids([value]))
    for name in ("created_at", "updated_at"):
        if value := query.get(name):
            for part in value.split(","):
                rows = rows.filter(time_condition(name, name, part))
    return rows.order_by(*order(query, SORTS), "-pk")


def _is_set(body: dict[str, Any], name: str) -> bool:
    return inputs.flag(body, name, False) if body.get(name) is not None else False
