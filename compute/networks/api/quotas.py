"""`/quotas`: there are no limits of network resources."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts import policy
from compute.networks.api.base import NetworkView

QUOTAS = (
    "network",
    "subnet",
    "subnetpool",
    "port",
    "router",
    "floatingip",
    "rbac_policy",
    "security_group",
    "security_group_rule",
)


class Quota(NetworkView):
    """A project's limits of network resources: there is none, and -1 says so."""

    used = False

    def get(self, request: Request, project: str) -> HttpResponse:
        context = self.context
        policy.enforce(context, "quota:read")
        if context.project is None or context.project.id != project:
            policy.enforce(context, "quota:write")
        unlimited: Any = {"limit": -1, "used": 0, "reserved": 0} if self.used else -1
        return JsonResponse({"quota": dict.fromkeys(QUOTAS, unlimited)})
