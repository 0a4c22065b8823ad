"""`/os-keypairs`: the asker's own; an administrator reaches another user's by `user_id` (from 2.10)."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted, no_content
from accounts.openstack.times import without_zone
from compute.api.base import COMPUTE, ComputeView
from compute.instances.api.schemas import keypairs as schemas
from compute.instances.models import Keypair
from compute.instances.services import keypairs


class Keypairs(ComputeView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        rows = keypairs.owned(self.context, _owner(self, query))
        return COMPUTE.page_response(
            request,
            "keypairs",
            "os-keypairs",
            COMPUTE.paging.page(query, rows, find=lambda marker: Q(name=marker)),
            lambda row: {"keypair": _brief(self, row)},
            marker=lambda row: row.name,
        )

    @contract(body=schemas.CREATE, answers={200: schemas.CREATED, 201: schemas.CREATED})
    def post(self, request: Request) -> HttpResponse:
        fields = self.body()["keypair"]
        owner = _owner(self, fields)
        kind = fields.get("type", "ssh")
        private = {}
        if fields.get("public_key") is None:
            keypair, key = keypairs.generate(self.context, fields["name"], owner, kind=kind)
            private = {"private_key": key}
        else:
            keypair = keypairs.create(self.context, fields["name"], fields["public_key"], owner, kind=kind)
        body = _brief(self, keypair) | {"user_id": keypair.user_id} | private
        return JsonResponse({"keypair": body}, status=201 if self.at_least(2) else 200)


class OneKeypair(ComputeView):
    @contract(query=schemas.ONE_QUERY, answers={200: schemas.SHOWN})
    def get(self, request: Request, name: str) -> HttpResponse:
        keypair = keypairs.get(self.context, name, _owner(self, request.query_params))
        body = _brief(self, keypair) | {
            "user_id": keypair.user_id,
            "id": keypair.pk,
            "created_at": without_zone(keypair.created_at),
            "updated_at": None,
            "deleted_at": None,
            "deleted": False,
        }
        return JsonResponse({"keypair": body})

    @contract(query=schemas.ONE_QUERY, answers={202: None, 204: None})
    def delete(self, request: Request, name: str) -> HttpResponse:
        keypairs.delete(self.context, name, _owner(self, request.query_params))
        return no_content() if self.at_least(2) else accepted()


def _brief(view: ComputeView, keypair: Keypair) -> dict[str, Any]:
    body = {
        "name": keypair.name,
        "public_key": keypair.public_key,
        "fingerprint": keypair.fingerprint,
    }
    return body | ({"type": keypair.kind} if view.at_least(2) else {})


def _owner(view: ComputeView, fields: Any) -> str | None:
    return fields.get("user_id") if view.at_least(10) else None
