"""`/servers`: create, list, show, update, delete."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, NotFound
from accounts.openstack import sorting
from accounts.openstack.responses import no_content
from accounts.services import inputs
from compute.api.base import COMPUTE, ComputeView, links, url
from compute.instances.actions import begin
from compute.instances.actions.launch import launch
from compute.instances.api import server_body, server_filters
from compute.instances.api.server_requests import in_their_words, launch_request
from compute.instances.models import Instance
from compute.instances.services import instances

ACCESS = {"accessIPv4": "access_ipv4", "accessIPv6": "access_ipv6"}


class Servers(ComputeView):
    """GET lists, POST creates."""

    detailed = False

    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        where = server_filters.condition(self, query) & server_filters.tags_condition(self, query)
        all_projects = _flag(query, "all_tenants")
        if all_projects:
            policy.enforce(self.context, "instance:read_host")
            where &= server_filters.project(query)
        deleted = policy.allows(self.context, "instance:read_host") and _flag(query, "deleted")
        rows = instances.fitting(
            self.context, where, all_projects=all_projects, deleted=deleted, details=self.detailed
        ).order_by(*sorting.order(query, server_filters.SORTS, "created_at", "desc"))
        path = "servers/detail" if self.detailed else "servers"
        return COMPUTE.listed(request, "servers", path, COMPUTE.paging.page(query, rows), self._show)

    def post(self, request: Request) -> HttpResponse:
        body = self.body()
        given = inputs.mapping(body, "server")
        wish = launch_request(self, body)
        try:
            made = launch(self.context, wish)
        except BadInput as error:
            raise in_their_words(error) from error
        first = made[0]
        if inputs.flag(given, "return_reservation_id", False):
            return JsonResponse({"reservation_id": f"r-{first.pk.hex[:8]}"}, status=202)
        shown = {
            "id": str(first.pk),
            "links": links("servers", first.pk),
            "OS-DCF:diskConfig": given.get("OS-DCF:diskConfig", "MANUAL"),
            "security_groups": [{"name": "default"}],
            "adminPass": wish.admin_password,
        }
        response = JsonResponse({"server": shown}, status=202)
        response["Location"] = url(f"servers/{first.pk}")
        return response

    def _show(self, row: Instance) -> dict[str, Any]:
        return server_body.full(self, row, one=False) if self.detailed else server_body.brief(row)


class OneServer(ComputeView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"server": server_body.full(self, find(self, key), one=True)})

    def put(self, request: Request, key: str) -> HttpResponse:
        given = inputs.mapping(self.body(), "server")
        instance = find(self, key)
        if "name" in given:
            begin(self.context, "instance.rename", instance.pk, parameters={"name": given["name"]})
        if "description" in given and self.at_least(19):
            begin(
                self.context,
                "instance.describe",
                instance.pk,
                parameters={"description": given["description"]},
            )
        access = {column: given[name] for name, column in ACCESS.items() if name in given}
        if access:
            begin(self.context, "instance.set_access", instance.pk, parameters=access)
        return JsonResponse({"server": server_body.changed(self, find(self, key))})

    def delete(self, request: Request, key: str) -> HttpResponse:
        begin(self.context, "instance.delete", find(self, key).pk)
        return no_content()


def find(view: ComputeView, key: str) -> Instance:
    """The server of the address. Raises NotFound in Nova's words: what has no id of ours has no row either."""
    try:
        return instances.find(view.context, UUID(key))
    except (NotFound, ValueError) as error:
        raise NotFound(_("Instance %(key)s could not be found.") % {"key": key[:64]}) from error


def _flag(query: Any, name: str) -> bool:
    """A flag of the query string; one that is only named is set."""
    return name in query and (query[name] == "" or inputs.flag(query, name, False))
