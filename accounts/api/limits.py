"""`/registered_limits` and `/limits`: quotas as Keystone's unified limits."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api.base import IDENTITY, IdentityView, links, page_response
from accounts.api.schemas import limits as schemas
from accounts.models import Quota
from accounts.names import is_text
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.services import limits
from accounts.services.limits import RegisteredLimit


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
        """List the default limit of every resource."""
        resource = request.query_params.get("resource_name")
        rows = [row for row in limits.list_registered(self.context) if resource in {None, row.resource.name}]
        page = IDENTITY.paging.page_of_list(request.query_params, rows, lambda row: row.pk)
        return page_response(request, "registered_limits", page, _show_registered)

    @contract(body=schemas.CREATE_REGISTERED, answers={204: None})
    def post(self, request: Request) -> HttpResponse:
        """Refuse: every resource that is counted is registered already."""
        for data in self.body()["registered_limits"]:
            limits.refuse_registration(self.context, data)
        return no_content()


class OneRegisteredLimit(IdentityView):
    @contract(answers={200: schemas.REGISTERED_SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.get_registered(self.context, key))

    @contract(body=schemas.UPDATE_REGISTERED, answers={200: schemas.REGISTERED_SHOWN})
    def patch(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.update_registered(self.context, key, self.body()["registered_limit"]))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Let the built-in default count again."""
        limits.reset_registered(self.context, key)
        return no_content()

    def _answer(self, row: RegisteredLimit) -> HttpResponse:
        return JsonResponse({"registered_limit": _show_registered(row)})


class Limits(IdentityView):
    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        """List the limits that projects have of their own."""
        query = request.query_params
        rows = limits.visible_to(self.context)
        for name, column in {"resource_name": "resource", "project_id": "project"}.items():
            if name in query:
                rows = rows.filter(**{column: query[name]}) if is_text(query[name]) else rows.none()
        page = IDENTITY.paging.page(query, rows, find=limits.key_condition)
        return page_response(request, "limits", page, _show, marker=limits.to_key)

    @contract(body=schemas.CREATE, answers={201: schemas.CREATED})
    def post(self, request: Request) -> HttpResponse:
        """Create all of the given limits, or none."""
        with transaction.atomic():
            rows = [limits.create(self.context, data) for data in self.body()["limits"]]
        return JsonResponse({"limits": [_show(row) for row in rows]}, status=201)


class OneLimit(IdentityView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.get_visible(self.context, key))

    @contract(body=schemas.UPDATE, answers={200: schemas.SHOWN})
    def patch(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.update(self.context, key, self.body()["limit"]))

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        limits.delete(self.context, key)
        return no_content()

    def _answer(self, row: Quota) -> HttpResponse:
        return JsonResponse({"limit": _show(row)})


def _show_registered(row: RegisteredLimit) -> dict[str, Any]:
    return {
        "id": row.pk,
        "service_id": None,
        "region_id": None,
        "resource_name": row.resource.name,
        "default_limit": row.limit,
        "description": str(row.resource.label),
        "links": links("registered_limits", row.pk),
    }


def _show(row: Quota) -> dict[str, Any]:
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
