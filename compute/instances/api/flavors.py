"""`/flavors`, their extra specs and who may use them."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, Conflict, NotFound
from accounts.openstack import sorting
from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted
from accounts.services import inputs
from compute.api.base import COMPUTE, ComputeView, links
from compute.instances.api.schemas import flavors as schemas
from compute.instances.models import Flavor
from compute.instances.services import flavors

SORTS = {
    "flavorid": "pk",
    "id": "pk",
    "name": "name",
    "memory_mb": "ram_mib",
    "vcpus": "vcpus",
    "root_gb": "disk_gib",
}
COLUMNS = {
    "id": "id",
    "name": "name",
    "description": "description",
    "vcpus": "vcpus",
    "ram": "ram_mib",
    "disk": "disk_gib",
    "swap": "swap_mib",
    "rxtx_factor": "rxtx_factor",
    "OS-FLV-EXT-DATA:ephemeral": "ephemeral_gib",
    "os-flavor-access:is_public": "is_public",
}
"""Nova's fields → ours."""


def brief(view: ComputeView, flavor: Flavor) -> dict[str, Any]:
    body: dict[str, Any] = {"id": flavor.id, "name": flavor.name, "links": links("flavors", flavor.id)}
    return body | ({"description": flavor.description or None} if view.at_least(55) else {})


def show(view: ComputeView, flavor: Flavor) -> dict[str, Any]:
    body = brief(view, flavor) | {
        "vcpus": flavor.vcpus,
        "ram": flavor.ram_mib,
        "disk": flavor.disk_gib,
        "swap": flavor.swap_mib if view.at_least(75) else flavor.swap_mib or "",
        "rxtx_factor": flavor.rxtx_factor,
        "os-flavor-access:is_public": flavor.is_public,
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral_gib,
        "OS-FLV-DISABLED:disabled": False,
    }
    return body | ({"extra_specs": flavor.extra_specs} if view.at_least(61) else {})


class Flavors(ComputeView):
    """GET lists, POST creates."""

    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        return _listed(self, request, "flavors", brief)

    @contract(body=schemas.CREATE, answers={200: schemas.SHOWN})
    def post(self, request: Request) -> HttpResponse:
        fields = self.body()["flavor"]
        columns = {
            column: fields[name] for name, column in COLUMNS.items() if fields.get(name) not in {None, ""}
        }
        if columns.get("id") == "auto":
            del columns["id"]
        elif "id" in columns:
            columns["id"] = str(columns["id"])
        return JsonResponse({"flavor": show(self, flavors.create(self.context, columns))})


class FlavorsInDetail(ComputeView):
    @contract(query=schemas.QUERY, answers={200: schemas.DETAIL})
    def get(self, request: Request) -> HttpResponse:
        return _listed(self, request, "flavors/detail", show)


class OneFlavor(ComputeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"flavor": show(self, _get(self, key))})

    @contract(body=schemas.UPDATE, answers={200: schemas.SHOWN})
    def put(self, request: Request, key: str) -> HttpResponse:
        """Set the description, the only field that can change (from 2.55)."""
        if not self.at_least(55):
            raise NotFound
        _get(self, key)
        flavor = flavors.describe(self.context, key, self.body()["flavor"]["description"])
        return JsonResponse({"flavor": show(self, flavor)})

    @contract(answers={202: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        policy.enforce(self.context, "flavor:write")
        _get(self, key)
        flavors.delete(self.context, key)
        return accepted()


class Specs(ComputeView):
    @contract(answers={200: schemas.SPECS})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"extra_specs": _get(self, key).extra_specs})

    @contract(body=schemas.ADD_SPECS, answers={200: schemas.SPECS})
    def post(self, request: Request, key: str) -> HttpResponse:
        fields = self.body()["extra_specs"]
        flavor = flavors.set_specs(self.context, key, fields)
        return JsonResponse({"extra_specs": {name: flavor.extra_specs[name] for name in fields}})


class OneSpec(ComputeView):
    @contract(answers={200: schemas.SPEC})
    def get(self, request: Request, key: str, spec: str) -> HttpResponse:
        specs = _get(self, key).extra_specs
        if spec not in specs:
            raise NotFound
        return JsonResponse({spec: specs[spec]})

    @contract(body=schemas.SET_SPEC, answers={200: schemas.SPEC})
    def put(self, request: Request, key: str, spec: str) -> HttpResponse:
        fields = self.body()
        if list(fields) != [spec]:
            raise BadInput(_("The body must hold the extra spec of the address and nothing else."))
        flavor = flavors.set_specs(self.context, key, fields)
        return JsonResponse({spec: flavor.extra_specs[spec]})

    @contract(answers={200: None})
    def delete(self, request: Request, key: str, spec: str) -> HttpResponse:
        flavors.remove_spec(self.context, key, spec)
        return HttpResponse(status=200)


class Access(ComputeView):
    @contract(answers={200: schemas.ACCESS})
    def get(self, request: Request, key: str) -> HttpResponse:
        return _access(self, key)


class Action(ComputeView):
    """Grant or withdraw a project's access by `addTenantAccess` or `removeTenantAccess`."""

    @contract(body=schemas.ACTION, answers={200: schemas.ACCESS})
    def post(self, request: Request, key: str) -> HttpResponse:
        policy.enforce(self.context, "flavor:write")
        ((name, fields),) = self.body().items()
        if name == "removeTenantAccess":
            flavors.withdraw(self.context, key, fields["tenant"])
        else:
            if self.at_least(7) and _get(self, key).is_public:
                raise Conflict(_("A public flavor needs no access."))
            flavors.grant(self.context, key, fields["tenant"])
        return _access(self, key, public=True)


def _listed(
    view: ComputeView, request: Request, path: str, show: Callable[[ComputeView, Flavor], dict[str, Any]]
) -> HttpResponse:
    query = request.query_params
    rows = _filtered(view, query).order_by(*sorting.order(query, SORTS, "flavorid"), "pk")
    return COMPUTE.page_response(
        request, "flavors", path, COMPUTE.paging.page(query, rows), lambda row: show(view, row)
    )


def _filtered(view: ComputeView, query: QueryDict) -> QuerySet[Flavor]:
    """Return the flavors that match the query. Only administrators may list others than public ones."""
    rows = flavors.visible_to(view.context)
    if policy.allows(view.context, "flavor:write"):
        is_public = query.get("is_public", "true").lower()
        if is_public != "none":
            rows = rows.filter(is_public=inputs.flag({"is_public": is_public}, "is_public", True))
    for name, column in {"minRam": "ram_mib__gte", "minDisk": "disk_gib__gte"}.items():
        if name in query:
            rows = rows.filter(**{column: int(str(query[name]))})
    return rows


def _access(view: ComputeView, key: str, *, public: bool = False) -> HttpResponse:
    try:
        projects = flavors.projects(view.context, key)
    except NotFound:
        if not public:
            raise
        projects = []
    return JsonResponse({"flavor_access": [{"flavor_id": key, "tenant_id": project} for project in projects]})


def _get(view: ComputeView, key: str) -> Flavor:
    try:
        return flavors.get(view.context, key)
    except NotFound as error:
        raise NotFound(_("Flavor %(key)s could not be found.") % {"key": key[:64]}) from error
