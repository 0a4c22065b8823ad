"""`/registered_limits` and `/limits`: quotas as Keystone's unified limits."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts.api.base import IDENTITY, IdentityView, links, listed
from accounts.errors import BadInput
from accounts.models import Quota
from accounts.names import is_text
from accounts.openstack.responses import no_content
from accounts.services import inputs, limits
from accounts.services.limits import RegisteredLimit

MOST_AT_ONCE = 100


class Model(IdentityView):
    """How limits of a project tree depend on each other: not at all."""

    def get(self, request: Request) -> HttpResponse:
        """Show how limits are enforced."""
        description = "Limit enforcement and validation does not take project hierarchy into consideration."
        return JsonResponse({"model": {"name": "flat", "description": description}})


class RegisteredLimits(IdentityView):
    def get(self, request: Request) -> HttpResponse:
        """List the default limit of every resource."""
        wanted = request.query_params.get("resource_name")
        found = [row for row in limits.registered(self.context) if wanted in {None, row.resource.name}]
        page = IDENTITY.paging.page_of_list(request.query_params, found, lambda row: row.pk)
        return listed(request, "registered_limits", page, _show_registered)

    def post(self, request: Request) -> HttpResponse:
        """Refuse: every resource that is counted is registered already."""
        for given in _several(self.body(), "registered_limits"):
            limits.refuse_registration(self.context, given)
        return no_content()


class OneRegisteredLimit(IdentityView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.one_registered(self.context, key))

    def patch(self, request: Request, key: str) -> HttpResponse:
        given = inputs.mapping(self.body(), "registered_limit")
        return self._answer(limits.update_registered(self.context, key, given))

    def delete(self, request: Request, key: str) -> HttpResponse:
        """Let the built-in default count again."""
        limits.reset_registered(self.context, key)
        return no_content()

    def _answer(self, row: RegisteredLimit) -> HttpResponse:
        return JsonResponse({"registered_limit": _show_registered(row)})


class Limits(IdentityView):
    def get(self, request: Request) -> HttpResponse:
        """List the limits that projects have of their own."""
        query = request.query_params
        rows = limits.visible_to(self.context)
        for name, column in {"resource_name": "resource", "project_id": "project"}.items():
            if name in query:
                rows = rows.filter(**{column: query[name]}) if is_text(query[name]) else rows.none()
        page = IDENTITY.paging.page(query, rows, find=limits.of_key)
        return listed(request, "limits", page, _show, marker=limits.key_of)

    def post(self, request: Request) -> HttpResponse:
        """Create all of the given limits, or none."""
        with transaction.atomic():
            made = [limits.create(self.context, given) for given in _several(self.body(), "limits")]
        return JsonResponse({"limits": [_show(row) for row in made]}, status=201)


class OneLimit(IdentityView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return self._answer(limits.one(self.context, key))

    def patch(self, request: Request, key: str) -> HttpResponse:
        given = inputs.mapping(self.body(), "limit")
        return self._answer(limits.update(self.context, key, given))

    def delete(self, request: Request, key: str) -> HttpResponse:
        limits.delete(self.context, key)
        return no_content()

    def _answer(self, row: Quota) -> HttpResponse:
        return JsonResponse({"limit": _show(row)})


def _several(body: dict[str, Any], field: str) -> list[dict[str, Any]]:
    given = body.get(field)
    if (
        not isinstance(given, list)
        or not 0 < len(given) <= MOST_AT_ONCE
        or not all(isinstance(entry, dict) for entry in given)
    ):
        raise BadInput(fields={field: _("Give a list of objects.")})
    return given


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
        "id": limits.key_of(row),
        "project_id": row.project_id,
        "domain_id": None,
        "service_id": None,
        "region_id": None,
        "resource_name": row.resource,
        "resource_limit": row.limit,
        "description": None,
        "links": links("limits", limits.key_of(row)),
    }
