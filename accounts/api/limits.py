"""`/registered_limits` and `/limits`: quotas as Keystone's unified limits, to read."""

import uuid
from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api.base import IdentityView, links, listed
from accounts.services import quotas
from accounts.services.quotas import ProjectLimit, Resource


class Model(IdentityView):
    """How limits of a project tree depend on each other: not at all."""

    def get(self, request: Request) -> HttpResponse:
        description = "Limit enforcement and validation does not take project hierarchy into consideration."
        return JsonResponse({"model": {"name": "flat", "description": description}})


class RegisteredLimits(IdentityView):
    def get(self, request: Request) -> HttpResponse:
        wanted = request.query_params.get("resource_name")
        found = [
            (resource, limit)
            for resource, limit in quotas.defaults(self.context)
            if wanted in {None, resource.name}
        ]
        return listed(request, "registered_limits", found, _show_registered)


class Limits(IdentityView):
    def get(self, request: Request) -> HttpResponse:
        asked = request.query_params
        found = [
            limit
            for limit in quotas.overrides(self.context)
            if asked.get("resource_name") in {None, limit.resource}
            and asked.get("project_id") in {None, limit.project_id}
        ]
        return listed(request, "limits", found, _show)


def _show_registered(entry: tuple[Resource, int]) -> dict[str, Any]:
    resource, limit = entry
    key = _id(resource.name)
    return {
        "id": key,
        "service_id": None,
        "region_id": None,
        "resource_name": resource.name,
        "default_limit": limit,
        "description": str(resource.label),
        "links": links("registered_limits", key),
    }


def _show(limit: ProjectLimit) -> dict[str, Any]:
    key = _id(f"{limit.project_id}/{limit.resource}")
    return {
        "id": key,
        "project_id": limit.project_id,
        "domain_id": None,
        "service_id": None,
        "region_id": None,
        "resource_name": limit.resource,
        "resource_limit": limit.limit,
        "description": None,
        "links": links("limits", key),
    }


def _id(name: str) -> str:
    """The same one every time, since a limit is found by what it limits."""
    return uuid.uuid5(uuid.NAMESPACE_OID, name).hex
