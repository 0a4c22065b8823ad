"""`/quotas`: there are no limits of network resources."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts import policy
from accounts.openstack.contract import contract
from compute.networks.api.base import NetworkView
from compute.networks.api.schemas import networks as schemas

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

    @contract(answers={200: schemas.quota(QUOTAS)})
    def get(self, request: Request, project: str) -> HttpResponse:
        return _answer(self, project, -1)


class QuotaDetails(NetworkView):
    """The same with what is used of them."""

    @contract(answers={200: schemas.quota(QUOTAS, used=True)})
    def get(self, request: Request, project: str) -> HttpResponse:
        return _answer(self, project, {"limit": -1, "used": 0, "reserved": 0})


def _answer(view: NetworkView, project: str, unlimited: Any) -> HttpResponse:
    context = view.context
    policy.enforce(context, "quota:read")
    if context.project is None or context.project.id != project:
        policy.enforce(context, "quota:write")
    return JsonResponse({"quota": dict.fromkeys(QUOTAS, unlimited)})
