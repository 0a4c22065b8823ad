"""`/qos-specs`: limits of what volumes may read and write."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack import sorting
from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted
from accounts.services import inputs
from compute.volumes.api.base import BLOCK_STORAGE, VolumeView, links_of
from compute.volumes.api.schemas import qos_specs as schemas
from compute.volumes.models import QosSpecs
from compute.volumes.services import qos_specs

SORTS = {"name": "name", "id": "pk", "created_at": "created_at"}
NOT_SPECS = {"name", "consumer"}


class _QosView(VolumeView):
    conflict = 409


class Qos(_QosView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        rows = qos_specs.all_for_admin(self.context)
        rows = rows.order_by(*sorting.order(request.query_params, SORTS, "created_at", "desc"), "-pk")
        page = BLOCK_STORAGE.paging.page(request.query_params, rows)
        return BLOCK_STORAGE.page_response(request, "qos_specs", "qos-specs", page, show)

    @contract(body=schemas.CREATE, answers={200: schemas.SHOWN})
    def post(self, request: Request) -> HttpResponse:
        body = self.body()["qos_specs"]
        consumer = body.get("consumer") or QosSpecs.Consumer.BACK_END
        specs = {name: value for name, value in body.items() if name not in NOT_SPECS}
        return _shown(qos_specs.create(self.context, body["name"], consumer, specs))


class OneQos(_QosView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return _shown(qos_specs.get(self.context, key))

    @contract(body=schemas.SPECS, answers={200: schemas.CHANGED})
    def put(self, request: Request, key: str) -> HttpResponse:
        """Add or replace specs; the answer has those of the body."""
        specs = self.body()["qos_specs"]
        qos_specs.set_specs(self.context, key, specs)
        return JsonResponse({"qos_specs": specs})

    @contract(query=schemas.FORCE, answers={202: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        query = request.query_params
        force = inputs.flag(query, "force", False) if query.get("force") else False
        qos_specs.delete(self.context, key, force=force)
        return accepted()


class DeletedKeys(_QosView):
    @contract(body=schemas.KEYS, answers={202: None})
    def put(self, request: Request, key: str) -> HttpResponse:
        qos_specs.delete_specs(self.context, key, self.body()["keys"])
        return accepted()


class Associations(_QosView):
    @contract(answers={200: schemas.ASSOCIATIONS})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List the volume types that have them."""
        types = qos_specs.get(self.context, key).types.order_by("name")
        rows = [{"association_type": "volume_type", "id": str(row.pk), "name": row.name} for row in types]
        return JsonResponse({"qos_associations": rows})


class Associated(_QosView):
    @contract(query=schemas.TYPE, answers={202: None})
    def get(self, request: Request, key: str) -> HttpResponse:
        """Give them to a volume type; Cinder has GET for that."""
        qos_specs.associate(self.context, key, request.query_params.get("vol_type_id"))
        return accepted()


class Disassociated(_QosView):
    @contract(query=schemas.TYPE, answers={202: None})
    def get(self, request: Request, key: str) -> HttpResponse:
        """Take them from a volume type."""
        qos_specs.disassociate(self.context, key, request.query_params.get("vol_type_id"))
        return accepted()


class AllDisassociated(_QosView):
    @contract(answers={202: None})
    def get(self, request: Request, key: str) -> HttpResponse:
        """Take them from all volume types."""
        qos_specs.disassociate_all(self.context, key)
        return accepted()


def show(row: QosSpecs) -> dict[str, Any]:
    return {"id": str(row.pk), "name": row.name, "consumer": row.consumer, "specs": row.specs}


def _shown(row: QosSpecs) -> HttpResponse:
    return JsonResponse({"qos_specs": show(row), "links": links_of(f"qos-specs/{row.pk}")})
