"""`/volumes`: disks that projects keep apart from instances."""

from typing import Any

from django.db.models import QuerySet, Sum
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted
from compute.volumes.actions.create import create
from compute.volumes.api import volume_body
from compute.volumes.api.base import VolumeView
from compute.volumes.api.lists import RowList, either
from compute.volumes.api.schemas import volumes as schemas
from compute.volumes.api.volume_filters import filtered
from compute.volumes.models import Volume
from compute.volumes.services import backups, volume_snapshots, volume_types, volumes
from compute.volumes.services.volume_request import VolumeRequest


class _List(RowList):
    name = "volumes"

    def rows(self) -> QuerySet[Volume]:
        query = self.request.query_params
        return filtered(volumes.visible_to(self.context, all_projects=self.all_projects), query)


class Volumes(_List):
    path = "volumes"

    def show(self, volume: Volume) -> dict[str, Any]:
        return volume_body.brief(volume)

    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()

    @contract(body=schemas.CREATE, answers={202: schemas.CREATED})
    def post(self, request: Request) -> HttpResponse:
        """Make a volume: empty, or of an image or another volume."""
        body = self.body()["volume"]
        self._enforce_sources(body)
        volume = create(
            self.context,
            VolumeRequest(
                name=either(body, "name"),
                description=either(body, "description"),
                size=body.get("size"),
                type=body.get("volume_type"),
                zone=body.get("availability_zone"),
                image_id=body.get("imageRef") or body.get("image_id"),
                source_volume_id=body.get("source_volid"),
                snapshot_id=body.get("snapshot_id"),
                backup_id=body.get("backup_id") if self.at_least(47) else None,
                metadata=body.get("metadata"),
            ),
        )
        return JsonResponse({"volume": volume_body.new(volume, self.version.minor)}, status=202)

    def _enforce_sources(self, body: dict[str, Any]) -> None:
        """Raise NotFound, as Cinder does, for a type or a source that there is not."""
        if (key := body.get("source_volid")) is not None:
            volumes.get(self.context, key)
        if (key := body.get("snapshot_id")) is not None:
            volume_snapshots.get(self.context, key)
        if self.at_least(47) and (key := body.get("backup_id")) is not None:
            backups.get(self.context, key)
        if (name := body.get("volume_type")) is not None:
            volume_types.find(self.context, name)


class VolumesInDetail(_List):
    path = "volumes/detail"

    def show(self, volume: Volume) -> dict[str, Any]:
        return volume_body.show(volume, self.context, self.version.minor)

    @contract(query=schemas.QUERY, answers={200: schemas.DETAIL})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()


class Summary(_List):
    """Number and size of the volumes, since 3.12."""

    path = "volumes/summary"

    @contract(query=schemas.QUERY, answers={200: schemas.SUMMARY})
    def get(self, request: Request) -> HttpResponse:
        rows = self.rows().order_by()
        summary: dict[str, Any] = {
            "total_size": rows.aggregate(total=Sum("size_gib", default=0))["total"],
            "total_count": rows.count(),
        }
        if self.at_least(36):
            values: dict[str, set[str]] = {}
            for metadata in rows.values_list("metadata", flat=True):
                for key, value in metadata.items():
                    values.setdefault(key, set()).add(value)
            summary["metadata"] = {key: sorted(texts) for key, texts in values.items()}
        return JsonResponse({"volume-summary": summary})


class OneVolume(VolumeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return self._shown(volumes.get(self.context, key))

    @contract(body=schemas.UPDATE, answers={200: schemas.UPDATED})
    def put(self, request: Request, key: str) -> HttpResponse:
        body = self.body()["volume"]
        changes = {
            name: value for name in ("name", "description") if (value := either(body, name)) is not None
        }
        volumes.act(self.context, key, "update", changes)
        if body.get("metadata") is not None:
            volumes.act(self.context, key, "set_metadata", {"metadata": body["metadata"]})
        changed = volumes.get(self.context, key)
        return JsonResponse({"volume": volume_body.new(changed, self.version.minor)})

    @contract(query=schemas.DELETE_QUERY, answers={202: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Delete the volume and its data for good."""
        query = request.query_params
        volumes.act(
            self.context, key, "delete", {"cascade": query["cascade"]} if query.get("cascade") else {}
        )
        return accepted()

    def _shown(self, volume: Volume) -> HttpResponse:
        return JsonResponse({"volume": volume_body.show(volume, self.context, self.version.minor)})
