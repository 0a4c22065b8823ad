"""`/types`: what volumes of a type are like."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.openstack import sorting
from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted
from accounts.services import inputs
from compute.volumes.api.base import BLOCK_STORAGE, VolumeView
from compute.volumes.api.schemas import volume_types as schemas
from compute.volumes.models import VolumeType
from compute.volumes.services import volume_types

PUBLIC = "os-volume-type-access:is_public"
SORTS = {"name": "name", "id": "pk", "created_at": "created_at", "updated_at": "updated_at"}


class _TypeView(VolumeView):
    conflict = 409


class Types(_TypeView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        rows = volume_types.visible_to(self.context, public=_public(self))
        if self.at_least(52) and query.get("name"):
            rows = rows.filter(name=query["name"])
        rows = rows.order_by(*sorting.order(query, SORTS, "created_at", "desc"), "-pk")
        page = BLOCK_STORAGE.paging.page(query, rows)
        return BLOCK_STORAGE.page_response(request, "volume_types", "types", page, show)

    @contract(body=schemas.CREATE, answers={200: schemas.CHANGED})
    def post(self, request: Request) -> HttpResponse:
        body = self.body()["volume_type"]
        row = volume_types.create(self.context, _columns(body) | {"extra_specs": body.get("extra_specs")})
        return JsonResponse({"volume_type": _changed(row)})


class OneType(_TypeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        """Show a type; `default` stands for that of volumes for which none is chosen."""
        if key == "default":
            policy.enforce(self.context, "volume_type:read")
            return JsonResponse({"volume_type": show(volume_types.default())})
        return JsonResponse({"volume_type": show(volume_types.get(self.context, key))})

    @contract(body=schemas.UPDATE, answers={200: schemas.UPDATED})
    def put(self, request: Request, key: str) -> HttpResponse:
        columns = _columns(self.body()["volume_type"])
        if not columns:
            raise BadInput(_("Give at least one field to change."))
        body = _changed(volume_types.update(self.context, key, columns))
        del body[PUBLIC]
        return JsonResponse({"volume_type": body})

    @contract(answers={202: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        volume_types.delete(self.context, key)
        return accepted()


class Specs(_TypeView):
    @contract(answers={200: schemas.SPECS_SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"extra_specs": volume_types.get(self.context, key).extra_specs})

    @contract(body=schemas.SPECS, answers={200: schemas.SPECS_SHOWN})
    def post(self, request: Request, key: str) -> HttpResponse:
        specs = self.body()["extra_specs"]
        volume_types.set_specs(self.context, key, specs)
        return JsonResponse({"extra_specs": specs})


class OneSpec(_TypeView):
    @contract(answers={200: schemas.SPEC_SHOWN})
    def get(self, request: Request, key: str, name: str) -> HttpResponse:
        specs = volume_types.get(self.context, key).extra_specs
        if name not in specs:
            raise NotFound(_("The type has no extra spec %(name)s.") % {"name": name[:64]})
        return JsonResponse({name: specs[name]})

    @contract(body=schemas.SPEC, answers={200: schemas.SPEC_SHOWN})
    def put(self, request: Request, key: str, name: str) -> HttpResponse:
        body = self.body()
        if list(body) != [name]:
            raise BadInput(_("The body must hold the key of the address, and no other."))
        volume_types.set_specs(self.context, key, body)
        return JsonResponse(body)

    @contract(answers={202: None})
    def delete(self, request: Request, key: str, name: str) -> HttpResponse:
        volume_types.delete_spec(self.context, key, name)
        return accepted()


class Access(_TypeView):
    @contract(answers={200: schemas.ACCESS})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List the projects that may use a type that is not public."""
        policy.enforce(self.context, "volume_type:write")
        row = volume_types.get(self.context, key)
        if row.public:
            raise NotFound(_("%(type)s is public: every project may use it.") % {"type": row})
        projects = row.projects.order_by("pk").values_list("pk", flat=True)
        return JsonResponse(
            {"volume_type_access": [{"volume_type_id": str(row.pk), "project_id": pk} for pk in projects]}
        )


class Action(_TypeView):
    @contract(body=schemas.ACTION, answers={202: None})
    def post(self, request: Request, key: str) -> HttpResponse:
        """Let a project use a type that is not public, or end that."""
        ((name, value),) = self.body().items()
        volume_types.set_access(self.context, key, value["project"], present=name == "addProjectAccess")
        return accepted()


def show(row: VolumeType) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.name,
        "description": row.description or None,
        "is_public": row.public,
        PUBLIC: row.public,
        "qos_specs_id": str(row.qos_specs_id) if row.qos_specs_id else None,
        "extra_specs": row.extra_specs,
    }


def _changed(row: VolumeType) -> dict[str, Any]:
    """Return a type as the answers to its creation and change show it."""
    body = show(row)
    del body["qos_specs_id"]
    return body


def _columns(body: dict[str, Any]) -> dict[str, Any]:
    names = {"name": "name", "description": "description", "is_public": "public", PUBLIC: "public"}
    return {column: body[name] for name, column in names.items() if body.get(name) is not None}


def _public(view: VolumeView) -> bool | None:
    """Return which types the query asks for: public ones by default, None for all. Only administrators choose."""
    text = view.request.query_params.get("is_public")
    if not view.context.is_admin or (text or "").lower() == "none":
        return None
    return True if text is None else inputs.flag({"is_public": text}, "is_public", True)
