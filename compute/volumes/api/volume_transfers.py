"""`/os-volume-transfer` and `/volume-transfers`: offers of volumes to other projects."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack import sorting
from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted
from accounts.openstack.times import without_zone
from accounts.services import inputs
from compute.volumes.api.base import BLOCK_STORAGE, VolumeView
from compute.volumes.api.schemas import volume_transfers as schemas
from compute.volumes.models import VolumeTransfer
from compute.volumes.services import volume_transfers

SORTS = {"id": "pk", "name": "name", "created_at": "created_at", "volume_id": "volume"}


class _List(VolumeView):
    path: str

    def show(self, row: VolumeTransfer) -> dict[str, Any]:
        raise NotImplementedError

    def listing(self) -> HttpResponse:
        query = self.request.query_params
        everywhere = (
            inputs.flag({"all": query["all_tenants"]}, "all", False) if query.get("all_tenants") else False
        )
        rows = volume_transfers.visible_to(self.context, all_projects=everywhere)
        if query.get("name"):
            rows = rows.filter(name=query["name"])
        rows = rows.order_by(*sorting.order(query, SORTS, "created_at", "desc"), "-pk")
        page = BLOCK_STORAGE.paging.page(query, rows)
        return BLOCK_STORAGE.page_response(self.request, "transfers", self.path, page, self.show)


class Transfers(_List):
    path = "volume-transfers"

    def show(self, row: VolumeTransfer) -> dict[str, Any]:
        return _brief(row)

    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()

    @contract(body=schemas.CREATE, answers={202: schemas.CREATED})
    def post(self, request: Request) -> HttpResponse:
        """Offer a volume to whoever knows the key."""
        body = self.body()["transfer"]
        row, key = volume_transfers.create(self.context, body["volume_id"], body.get("name"))
        return JsonResponse({"transfer": _show(self, row) | {"auth_key": key}}, status=202)


class TransfersInDetail(_List):
    path = "volume-transfers/detail"

    def show(self, row: VolumeTransfer) -> dict[str, Any]:
        return _show(self, row)

    @contract(query=schemas.QUERY, answers={200: schemas.DETAIL})
    def get(self, request: Request) -> HttpResponse:
        return self.listing()


class OneTransfer(VolumeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"transfer": _show(self, volume_transfers.get(self.context, key))})

    @contract(answers={202: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Withdraw the offer."""
        volume_transfers.delete(self.context, key)
        return accepted()


class Acceptance(VolumeView):
    @contract(body=schemas.ACCEPT, answers={202: schemas.ACCEPTED})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Take the volume over into the token's project."""
        row = volume_transfers.accept(self.context, key, self.body()["accept"]["auth_key"])
        return JsonResponse({"transfer": _brief(row)}, status=202)


def _brief(row: VolumeTransfer) -> dict[str, Any]:
    href = BLOCK_STORAGE.url(f"volume-transfers/{row.pk}")
    links = [{"rel": "self", "href": href}, {"rel": "bookmark", "href": href.replace("/v3/", "/")}]
    return {"id": str(row.pk), "name": row.name or None, "volume_id": str(row.volume_id), "links": links}


def _show(view: VolumeView, row: VolumeTransfer) -> dict[str, Any]:
    body = _brief(row) | {"created_at": without_zone(row.created_at)}
    if view.at_least(55):
        body["no_snapshots"] = False
    if view.at_least(57):
        body |= {
            "source_project_id": row.volume.project_id,
            "destination_project_id": None,
            "accepted": False,
        }
    return body
