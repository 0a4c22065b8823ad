"""`/roles`, what each implies, and `/role_inferences`."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api.base import Collection, IdentityView, Member, Resource, links, url
from accounts.api.schemas import roles as schemas
from accounts.models import Role, RoleInference
from accounts.names import is_text
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.services import inputs, roles


def show(role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "name": role.name,
        "domain_id": role.domain_id,
        "description": role.description or None,
        "options": {},
        "links": links("roles", role.id),
    }


ROLE = Resource(
    noun="role",
    path="roles",
    show=show,
    item=schemas.SHOWN,
    list=schemas.LIST,
    query=schemas.QUERY,
    create=schemas.CREATE,
    update=schemas.UPDATE,
    texts={"name": "name"},
)


class Roles(Collection):
    resource = ROLE

    def rows(self) -> QuerySet[Role]:
        """Return the roles of the domain that the query names, else those of all domains."""
        domain, rows = self.request.query_params.get("domain_id"), roles.visible_to(self.context)
        return rows.filter(domain=domain) if domain is None or is_text(domain) else rows.none()

    def create(self, data: dict[str, Any]) -> Role:
        return roles.create(self.context, data)


class OneRole(Member):
    resource = ROLE

    def rows(self) -> QuerySet[Role]:
        return roles.visible_to(self.context)

    def update(self, key: str, data: dict[str, Any]) -> Role:
        return roles.update(self.context, key, data)

    def remove(self, key: str) -> None:
        roles.delete(self.context, key)


class Inferences(IdentityView):
    """What implies what, one entry for each role that implies any."""

    @contract(answers={200: schemas.INFERENCES})
    def get(self, request: Request) -> HttpResponse:
        entries: dict[str, dict[str, Any]] = {}
        for rule in roles.inferences_visible_to(self.context):
            entry = entries.setdefault(rule.prior_id, {"prior_role": _brief(rule.prior), "implies": []})
            entry["implies"].append(_brief(rule.implied))
        return JsonResponse(
            {"role_inferences": list(entries.values()), "links": {"self": url("role_inferences")}}
        )


class Implied(IdentityView):
    @contract(answers={200: schemas.ALL_IMPLIED})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List what a role implies."""
        prior = inputs.get_or_404(roles.visible_to(self.context), key, "role")
        implied = [_brief(rule.implied) for rule in roles.inferences_visible_to(self.context, key)]
        return _inference(prior, implied, f"roles/{key}/implies")


class OneImplied(IdentityView):
    @contract(answers={200: schemas.IMPLIED})
    def get(self, request: Request, key: str, implied: str) -> HttpResponse:
        """Show that a role implies another."""
        return self._answer(roles.inference(self.context, key, implied))

    @contract(answers={204: None})
    def head(self, request: Request, key: str, implied: str) -> HttpResponse:
        """Check that a role implies another."""
        roles.inference(self.context, key, implied)
        return no_content()

    @contract(answers={201: schemas.IMPLIED})
    def put(self, request: Request, key: str, implied: str) -> HttpResponse:
        """Let a role imply another."""
        return self._answer(roles.imply(self.context, key, implied), status=201)

    @contract(answers={204: None})
    def delete(self, request: Request, key: str, implied: str) -> HttpResponse:
        """Let a role no longer imply another."""
        roles.stop_implying(self.context, key, implied)
        return no_content()

    def _answer(self, rule: RoleInference, status: int = 200) -> HttpResponse:
        path = f"roles/{rule.prior_id}/implies/{rule.implied_id}"
        return _inference(rule.prior, _brief(rule.implied), path, status)


def _inference(prior: Role, implies: Any, path: str, status: int = 200) -> HttpResponse:
    body = {"prior_role": _brief(prior), "implies": implies}
    return JsonResponse({"role_inference": body, "links": {"self": url(path)}}, status=status)


def _brief(role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "name": role.name,
        "description": role.description or None,
        "links": links("roles", role.id),
    }
