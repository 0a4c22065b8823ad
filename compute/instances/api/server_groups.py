"""`/os-server-groups`: groups of instances with an affinity or anti-affinity policy."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput
from accounts.openstack.contract import contract
from accounts.openstack.responses import listed, no_content
from compute.api.base import COMPUTE, MOST, ComputeView
from compute.instances.api.schemas import server_groups as schemas
from compute.instances.models import ServerGroup
from compute.instances.services import server_groups


class ServerGroups(ComputeView):
    """GET lists, POST creates."""

    @contract(query=schemas.QUERY, answers={200: schemas.LIST})
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        all_projects = "all_projects" in query and policy.allows(self.context, "instance:read_host")
        rows = server_groups.visible_to(self.context, all_projects=all_projects)
        start, most = int(query.get("offset", "0")), COMPUTE.paging.limit(query) or MOST
        page = rows.select_related(None).defer("created_at")[start : start + most]
        minor = self.version.minor
        return listed({"server_groups": [_show(row, minor) for row in page]})

    @contract(body=schemas.CREATE, answers={200: schemas.SHOWN})
    def post(self, request: Request) -> HttpResponse:
        fields = self.body()["server_group"]
        if self.at_least(64):
            rule, most = fields["policy"], fields.get("rules", {}).get("max_server_per_host")
        else:
            (rule,), most = fields["policies"], None
        try:
            group = server_groups.create(self.context, fields["name"], rule, most)
        except BadInput as error:
            names = {"max_server_per_host": "rules"}
            fields = {names.get(name, name): text for name, text in error.fields.items()}
            raise BadInput(error.text, fields=fields) from error
        return JsonResponse(
            {"server_group": _show(server_groups.get(self.context, group.pk), self.version.minor)}
        )


class OneServerGroup(ComputeView):
    @contract(answers={200: schemas.SHOWN})
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"server_group": _show(server_groups.get(self.context, key), self.version.minor)})

    @contract(answers={204: None})
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Delete the group; its servers stay."""
        server_groups.delete(self.context, key)
        return no_content()


def _show(group: ServerGroup, minor: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": group.id,
        "name": group.name,
        "members": [member.id for member in group.members],
    }
    if minor >= 64:
        rules = {"max_server_per_host": group.most_per_host} if group.most_per_host else {}
        body |= {"policy": group.policy, "rules": rules}
    else:
        body |= {"policies": [group.policy], "metadata": {}}
    if minor >= 13:
        body |= {"project_id": group.project_id, "user_id": group.user_id or ""}
    return body
