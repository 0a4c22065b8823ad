"""`/registered_limits` and `/limits`: quotas as Keystone's unified limits."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api.base import IDENTITY, IdentityView, links, page_response
from accounts.api.schemas import limits as schemas
from accounts.models import Limit, Quota, RegisteredLimit
from accounts.names import is_text
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.services import limits
from accounts.services.limits import OwnLimit


class Model(IdentityView):
    """How limits of a project tree depend on each other: not at all."""

    @contract(answers={200: schemas.MODEL})
    def get(self, request: Request) -> HttpResponse:
        """Show how limits are enforced."""
        description = "Limit enforcement and validation does not take project hierarchy into consideration."
        return JsonResponse({"model": {"name": "flat", "description": description}})


class RegisteredLimits(IdentityView):
    @contract(query=schemas.REGISTERED_QUERY, answers={200: schemas.REGISTERED_LIST})
    def get(self, request: Request) -> HttpResponse:
        """List the default limit of every resource, our own first."""
        query = request.query_params
        own = [_show_own(row) for row in limits.list_own(self.context)]
        rows = [*own, *map(_show_registered, limits.registered_visible_to(self.context))]
        for name in {"service_id", "region_id", "resource_name"} & set(query):
            rows = [row for row in rows if row[name] == query[name]]
        page = IDENTITY.paging.page_of_list(query, rows, lambda row: row["id"])
        return page_response(request, "registered_limits", page, dict, marker=lambda row: row["id"])

    @contract(body=schemas.CREATE_REGISTERED, answers={201: schemas.REGISTERED_CREATED})
    def post(self, request: Request) -> HttpResponse:
        """Register all of the given resources of other services, or none. Our own are registered already."""
        with transaction.atomic():
            rows = [limits.register(self.context, data) for data in self.body()["registered_limits"]]
        return JsonResponse({"registered_limits": [_show_registered(row) for row in rows]}, status=201)


class OneRegisteredLimit(IdentityView):
    @contract(answers={200: schemas.REGISTERED_SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.get_registered(self.context, key))

    @contract(body=schemas.UPDATE_REGISTERED, answers={200: schemas.REGISTERED_SHOWN})
    def patch(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.update_registered(self.context, key, self.body()["registered_limit"]))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Delete another service's resource, or let the built-in default of our own count again."""
        limits.delete_registered(self.context, key)
        return no_content()

    def _answer(self, row: OwnLimit | RegisteredLimit) -> HttpResponse:
        body = _show_own(row) if isinstance(row, OwnLimit) else _show_registered(row)
        return JsonResponse({"registered_limit": body})


class Limits(IdentityView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        """List the limits that projects and domains have of their own: of our resources first, then of others'."""
        query = request.query_params
        own, others = limits.visible_to(self.context), limits.others_visible_to(self.context)
        for name, (column, other_column) in _FILTERS.items():
            if name in query:
                value = query[name]
                own = own.filter(**{column: value}) if column and is_text(value) else own.none()
                others = others.filter(**{other_column: value}) if is_text(value) else others.none()
        pages = [(own, limits.key_condition), (others, lambda key: Q(pk=key))]
        page = IDENTITY.paging.page_of_several(query, pages)
        return page_response(request, "limits", page, _show, marker=_key)

    @contract(body=schemas.CREATE, answers={201: schemas.CREATED})
    def post(self, request: Request) -> HttpResponse:
        """Create all of the given limits, or none."""
        with transaction.atomic():
            rows = [limits.create(self.context, data) for data in self.body()["limits"]]
        return JsonResponse({"limits": [_show(row) for row in rows]}, status=201)


class OneLimit(IdentityView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.get_any(self.context, key))

    @contract(body=schemas.UPDATE, answers={200: schemas.SHOWN})
    def patch(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.update(self.context, key, self.body()["limit"]))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        limits.delete(self.context, key)
        return no_content()

    def _answer(self, row: Quota | Limit) -> HttpResponse:
        return JsonResponse({"limit": _show(row)})


_FILTERS = {
    "resource_name": ("resource", "registered__resource_name"),
    "project_id": ("project", "project"),
    "domain_id": ("", "domain"),
    "service_id": ("", "registered__service"),
    "region_id": ("", "registered__region"),
}
"""{parameter: (column of our own limits, column of others')}."""


def _show_own(row: OwnLimit) -> dict[str, Any]:
    return {
        "id": row.pk,
        "service_id": None,
        "region_id": None,
        "resource_name": row.resource.name,
        "default_limit": row.limit,
        "description": str(row.resource.label),
        "links": links("registered_limits", row.pk),
    }


def _show_registered(row: RegisteredLimit) -> dict[str, Any]:
    return {
        "id": row.id,
        "service_id": row.service_id,
        "region_id": row.region_id,
        "resource_name": row.resource_name,
        "default_limit": row.default_limit,
        "description": row.description or None,
        "links": links("registered_limits", row.id),
    }


def _key(row: Quota | Limit) -> str:
    return limits.to_key(row) if isinstance(row, Quota) else row.id


def _show(row: Quota | Limit) -> dict[str, Any]:
    if isinstance(row, Limit):
        return {
            "id": row.id,
            "project_id": row.project_id,
            "domain_id": row.domain_id,
            "service_id": row.registered.service_id,
            "region_id": row.registered.region_id,
            "resource_name": row.registered.resource_name,
            "resource_limit": row.resource_limit,
            "description": row.description or None,
            "links": links("limits", row.id),
        }
    return {
        "id": limits.to_key(row),
        "project_id": row.project_id,
        "domain_id": None,
        "service_id": None,
        "region_id": None,
        "resource_name": row.resource,
        "resource_limit": row.limit,
        "description": None,
        "links": links("limits", limits.to_key(row)),
    }
