"""`/flavors`, their extra specs and who may use them."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, Conflict, NotFound
from accounts.openstack import sorting
from accounts.openstack.responses import accepted
from accounts.services import inputs, quotas
from compute.api.base import COMPUTE, ComputeView, links
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
FIELDS = {"vcpus": "vcpus", "ram": "ram_mib", "disk": "disk_gib"}
OPTIONAL = {
    "OS-FLV-EXT-DATA:ephemeral": "ephemeral_gib",
    "swap": "swap_mib",
    "rxtx_factor": "rxtx_factor",
}


def brief(view: ComputeView, flavor: Flavor) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": flavor.id, "name": flavor.name, "links": links("flavors", flavor.id)}
    return shown | ({"description": flavor.description or None} if view.at_least(55) else {})


def show(view: ComputeView, flavor: Flavor) -> dict[str, Any]:
    shown = brief(view, flavor) | {
        "vcpus": flavor.vcpus,
        "ram": flavor.ram_mib,
        "disk": flavor.disk_gib,
        "swap": flavor.swap_mib or "",
        "rxtx_factor": flavor.rxtx_factor,
        "os-flavor-access:is_public": flavor.is_public,
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral_gib,
        "OS-FLV-DISABLED:disabled": False,
    }
    return shown | ({"extra_specs": flavor.extra_specs} if view.at_least(61) else {})


class Flavors(ComputeView):
    """GET lists, POST creates."""

    detailed = False

    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        rows = self._fitting(query).order_by(*sorting.order(query, SORTS, "flavorid"), "pk")
        path, form = ("flavors/detail", show) if self.detailed else ("flavors", brief)
        page = COMPUTE.paging.page(query, rows)
        return COMPUTE.listed(request, "flavors", path, page, lambda row: form(self, row))

    def _fitting(self, query: QueryDict) -> QuerySet[Flavor]:
        """Return the flavors that the query asks for. Others than public ones are for administrators to ask for."""
        rows = flavors.visible(self.context)
        if policy.allows(self.context, "flavor:write"):
            wanted = query.get("is_public", "true").lower()
            if wanted != "none":
                rows = rows.filter(is_public=inputs.flag({"is_public": wanted}, "is_public", True))
        for name, column in {"minRam": "ram_mib__gte", "minDisk": "disk_gib__gte"}.items():
            if name in query:
                rows = rows.filter(**{column: _number(query[name], name)})
        return rows

    def post(self, request: Request) -> HttpResponse:
        given = inputs.mapping(self.body(), "flavor")
        wish = {column: given.get(name) for name, column in FIELDS.items()}
        wish |= {
            column: given[name] for name, column in OPTIONAL.items() if given.get(name) not in {None, ""}
        }
        wish["name"] = given.get("name")
        if given.get("id") not in {None, "auto"}:
            number = isinstance(given["id"], int) and not isinstance(given["id"], bool)
            wish["id"] = str(given["id"]) if number else given["id"]
        if "os-flavor-access:is_public" in given:
            wish["is_public"] = given["os-flavor-access:is_public"]
        if self.at_least(55):
            wish["description"] = given.get("description")
        try:
            flavor = flavors.create(self.context, wish)
        except BadInput as error:
            names = {column: name for name, column in (FIELDS | OPTIONAL).items()}
            raise BadInput(
                fields={names.get(name, name): text for name, text in error.fields.items()}
            ) from error
        return JsonResponse({"flavor": show(self, flavor)})


class OneFlavor(ComputeView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"flavor": show(self, _get(self, key))})

    def put(self, request: Request, key: str) -> HttpResponse:
        """Describe it: the only thing that changes (from 2.55)."""
        if not self.at_least(55):
            raise NotFound
        given = inputs.mapping(self.body(), "flavor")
        _get(self, key)
        return JsonResponse(
            {"flavor": show(self, flavors.describe(self.context, key, given.get("description")))}
        )

    def delete(self, request: Request, key: str) -> HttpResponse:
        policy.enforce(self.context, "flavor:write")
        _get(self, key)
        flavors.delete(self.context, key)
        return accepted()


class Specs(ComputeView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"extra_specs": _get(self, key).extra_specs})

    def post(self, request: Request, key: str) -> HttpResponse:
        given = inputs.mapping(self.body(), "extra_specs")
        flavor = flavors.set_specs(self.context, key, given)
        return JsonResponse({"extra_specs": {name: flavor.extra_specs[name] for name in given}})


class OneSpec(ComputeView):
    def get(self, request: Request, key: str, spec: str) -> HttpResponse:
        specs = _get(self, key).extra_specs
        if spec not in specs:
            raise NotFound
        return JsonResponse({spec: specs[spec]})

    def put(self, request: Request, key: str, spec: str) -> HttpResponse:
        given = self.body()
        if list(given) != [spec]:
            raise BadInput(_("The body must hold the extra spec of the address and nothing else."))
        flavor = flavors.set_specs(self.context, key, given)
        return JsonResponse({spec: flavor.extra_specs[spec]})

    def delete(self, request: Request, key: str, spec: str) -> HttpResponse:
        flavors.remove_spec(self.context, key, spec)
        return HttpResponse(status=200)


class Access(ComputeView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return _access(self, key)


class Action(ComputeView):
    """addTenantAccess and removeTenantAccess."""

    def post(self, request: Request, key: str) -> HttpResponse:
        body = self.body()
        for name, act in {"addTenantAccess": flavors.grant, "removeTenantAccess": flavors.withdraw}.items():
            if name in body:
                policy.enforce(self.context, "flavor:write")
                if self.at_least(7) and name == "addTenantAccess" and _get(self, key).is_public:
                    raise Conflict(_("A public flavor needs no access."))
                act(self.context, key, inputs.mapping(body, name).get("tenant"))
                return _access(self, key, public=True)
        raise BadInput(_("Say addTenantAccess or removeTenantAccess."))


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


def _number(given: object, name: str) -> int:
    number = quotas.whole_number(given)
    if number is None or number < 0:
        raise BadInput(fields={name: _("Give a whole number from 0.")})
    return number
