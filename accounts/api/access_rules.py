"""`/users/{id}/access_rules`, which are created with application credentials."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api.base import IdentityView, Resource, listing, url
from accounts.api.schemas import application_credentials as schemas
from accounts.models import AccessRule
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.services import access_rules, inputs


def show(rule: AccessRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "service": rule.service,
        "method": rule.method,
        "path": rule.path,
        "links": {"self": url(f"users/{rule.user_id}/access_rules/{rule.id}")},
    }


ACCESS_RULE = Resource(
    noun="access_rule",
    path="access_rules",
    show=show,
    item=schemas.RULE_SHOWN,
    list=schemas.RULES,
    query=schemas.RULE_QUERY,
    texts={"service": "service", "method": "method", "path": "path"},
)


class AccessRules(IdentityView):
    @contract(query=schemas.RULE_QUERY, answers={200: schemas.RULES})
    def get(self, request: Request, user: str) -> HttpResponse:
        return listing(request, ACCESS_RULE, access_rules.visible_to(self.context, user))


class OneAccessRule(IdentityView):
    @contract(answers={200: schemas.RULE_SHOWN})
    def get(self, request: Request, user: str, key: str) -> HttpResponse:
        rule = inputs.get_or_404(access_rules.visible_to(self.context, user), key, "access rule")
        return JsonResponse({ACCESS_RULE.noun: show(rule)})

    @contract(answers={204: None})
    def delete(self, request: Request, user: str, key: str) -> HttpResponse:
        access_rules.delete(self.context, user, key)
        return no_content()
