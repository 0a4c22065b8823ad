"""`/os-server-groups`: instances that belong close together, or far apart."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput
from accounts.openstack.responses import no_content
from accounts.services import inputs
from compute.api.base import COMPUTE, MOST, ComputeView
from compute.instances.models import ServerGroup
from compute.instances.models.server_group import Policy
from compute.instances.services import server_groups

HARD = (Policy.AFFINITY, Policy.ANTI_AFFINITY)


class ServerGroups(ComputeView):
    """GET lists, POST creates: with `policies` until 2.63, with `policy` and `rules` since."""

    def get(self, request: Request) -> HttpResponse:
        query = request.query_params
        everywhere = "all_projects" in query and policy.allows(self.context, "instance:read_host")
        rows = server_groups.visible(self.context, all_projects=everywhere)
        start = _offset(query)
        found = rows[start : start + (COMPUTE.paging.limit(query) or MOST)]
        return JsonResponse({"server_groups": [_show(self, row) for row in found]})

    def post(self, request: Request) -> HttpResponse:
        given = inputs.mapping(self.body(), "server_group")
        rule, most = self._rule(given)
        try:
            group = server_groups.create(self.context, given.get("name"), rule, most)
        except BadInput as error:
            names = {"policy": "policy" if self.at_least(64) else "policies", "max_server_per_host": "rules"}
            fields = {names.get(name, name): text for name, text in error.fields.items()}
            raise BadInput(error.text, fields=fields) from error
        return JsonResponse({"server_group": _show(self, server_groups.get(self.context, group.pk))})

    def _rule(self, given: dict[str, Any]) -> tuple[object, object]:
        """The policy and max_server_per_host."""
        known = {"name", "policy", "rules"} if self.at_least(64) else {"name", "policies"}
        if unknown := given.keys() - known:
            raise BadInput(
                fields={name[:64]: _("This is not known in this microversion.") for name in sorted(unknown)}
            )
        if not self.at_least(64):
            policies = given.get("policies")
            if not isinstance(policies, list) or len(policies) != 1:
                raise BadInput(fields={"policies": _("Give a list of one policy.")})
            if not self.at_least(15) and policies[0] not in HARD:
                raise BadInput(
                    fields={"policies": _("Say one of %(policies)s.") % {"policies": ", ".join(HARD)}}
                )
            return policies[0], None
        rules = given.get("rules", {})
        if not isinstance(rules, dict) or rules.keys() - {"max_server_per_host"}:
            raise BadInput(fields={"rules": _("There is only the rule max_server_per_host.")})
        return given.get("policy"), rules.get("max_server_per_host")


class OneServerGroup(ComputeView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return JsonResponse({"server_group": _show(self, server_groups.get(self.context, key))})

    def delete(self, request: Request, key: str) -> HttpResponse:
        """Delete the group; its servers stay."""
        server_groups.delete(self.context, key)
        return no_content()


def _show(view: ComputeView, group: ServerGroup) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": str(group.pk),
        "name": group.name,
        "members": [str(member.pk) for member in group.members],
    }
    if view.at_least(64):
        rules = {"max_server_per_host": group.most_per_host} if group.most_per_host else {}
        shown |= {"policy": group.policy, "rules": rules}
    else:
        shown |= {"policies": [group.policy], "metadata": {}}
    if view.at_least(13):
        shown |= {"project_id": group.project_id, "user_id": group.user_id or ""}
    return shown


def _offset(query: Any) -> int:
    given = query.get("offset", "0")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise BadInput(fields={"offset": _("Give a whole number from 0.")})
    return int(given)
