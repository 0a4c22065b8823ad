"""`/servers`: create, list, show, update, delete."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Forbidden, NotFound
from accounts.openstack import sorting
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.services import inputs
from compute.api.base import COMPUTE, ComputeView, links, url
from compute.instances.actions import begin
from compute.instances.actions.launch import launch
from compute.instances.api import server_body, server_filters
from compute.instances.api.schemas import servers as schemas
from compute.instances.api.server_body import Asker
from compute.instances.api.server_requests import launch_request, with_api_names
from compute.instances.models import Instance
from compute.instances.services import instances

ACCESS = {"accessIPv4": "access_ipv4", "accessIPv6": "access_ipv6"}


class Servers(ComputeView):
    """GET lists, POST creates."""

    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        return _listed(self, request, "servers", server_body.brief, details=False)

    @contract(body=schemas.CREATE, answers={202: schemas.CREATED})
    def post(self, request: Request) -> HttpResponse:
        server = self.body()["server"]
        spec = launch_request(self.body())
        try:
            rows = launch(self.context, spec)
        except BadInput as error:
            raise with_api_names(error) from error
        first = rows[0]
        if inputs.flag(server, "return_reservation_id", False):
            return JsonResponse({"reservation_id": first.reservation_id}, status=202)
        body = {
            "id": str(first.pk),
            "links": links("servers", first.pk),
            "OS-DCF:diskConfig": server.get("OS-DCF:diskConfig", "MANUAL"),
            "security_groups": [{"name": "default"}],
            "adminPass": spec.admin_password,
        }
        response = JsonResponse({"server": body}, status=202)
        response["Location"] = url(f"servers/{first.pk}")
        return response


class ServersInDetail(ComputeView):
    @contract(query=schemas.QUERY, answers={200: schemas.DETAIL})
    def get(self, request: Request) -> HttpResponse:
        asker = Asker.from_view(self)

        def show(row: Instance) -> dict[str, Any]:
            return server_body.full(asker, row, one=False)

        return _listed(self, request, "servers/detail", show, details=True)


class OneServer(ComputeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"server": server_body.full(Asker.from_view(self), find(self, key), one=True)})

    @contract(body=schemas.UPDATE, answers={200: schemas.CHANGED})
    def put(self, request: Request, key: str) -> HttpResponse:
        server = self.body()["server"]
        instance = find(self, key)
        if "name" in server:
            begin(self.context, "instance.rename", instance.pk, parameters={"name": server["name"]})
        if "description" in server:
            begin(
                self.context,
                "instance.describe",
                instance.pk,
                parameters={"description": server["description"]},
            )
        if "hostname" in server:
            begin(
                self.context,
                "instance.set_hostname",
                instance.pk,
                parameters={"hostname": server["hostname"]},
            )
        access = {column: server[name] for name, column in ACCESS.items() if name in server}
        if access:
            begin(self.context, "instance.set_access", instance.pk, parameters=access)
        return JsonResponse({"server": server_body.changed(Asker.from_view(self), find(self, key))})

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        begin(self.context, "instance.delete", find(self, key).pk)
        return no_content()


def _listed(
    view: ComputeView,
    request: Request,
    path: str,
    show: Callable[[Instance], dict[str, Any]],
    *,
    details: bool,
) -> HttpResponse:
    query = request.query_params
    where = server_filters.condition(view, query) & server_filters.tags_condition(view, query)
    all_projects = _flag(query, "all_tenants")
    if all_projects:
        policy.enforce(view.context, "instance:read_host")
        where &= server_filters.project(query)
    rows = instances.visible_to(
        view.context, where, all_projects=all_projects, deleted=_deleted(view, query), details=details
    ).order_by(*sorting.order(query, server_filters.SORTS, "created_at", "desc"))
    return COMPUTE.page_response(request, "servers", path, COMPUTE.paging.page(query, rows), show)


def _deleted(view: ComputeView, query: Any) -> bool | None:
    """Return whether to list deleted servers: None for both kinds, as what has changed includes what is gone.

    Raise Forbidden if others than administrators ask for the status.
    """
    is_admin = policy.allows(view.context, "instance:read_host")
    if {status.upper() for status in query.getlist("status")} == {"DELETED"}:
        if not is_admin:
            raise Forbidden(_("Only administrators may list deleted servers."))
        return True
    if is_admin and "deleted" in query:
        return _flag(query, "deleted")
    return None if server_filters.asks_for_changes(view, query) else False


def find(view: ComputeView, key: str) -> Instance:
    """Return the server of the address. Raise NotFound with Nova's message, also if `key` is no id."""
    return _found(view, key, instances.get_present)


def find_with_deleted(view: ComputeView, key: str) -> Instance:
    """Return the same, also if it is deleted or in the recycle bin."""
    return _found(view, key, instances.get_with_deleted)


def _found(view: ComputeView, key: str, get: Callable[[Context, UUID], Instance]) -> Instance:
    try:
        return get(view.context, UUID(key))
    except (NotFound, ValueError) as error:
        raise NotFound(_("Instance %(key)s could not be found.") % {"key": key[:64]}) from error


def _flag(query: Any, name: str) -> bool:
    """Return a flag of the query string; a flag without a value is set."""
    return name in query and (query[name] == "" or inputs.flag(query, name, False))
