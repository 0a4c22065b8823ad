"""`/{projects,domains}/{id}/{users,groups}/{id}/roles`, also on the system and inherited."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.api.base import IdentityView, listing
from accounts.api.roles import ROLE
from accounts.errors import NotFound
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.services import assignments
from accounts.services.assignments import Holding


class _Grants(IdentityView):
    inherited = False

    def holding(self, rule: str, place: str, actor: str, actor_id: str, place_id: str | None) -> Holding:
        return assignments.find_holding(
            self.context,
            rule,
            actor=actor,
            actor_id=actor_id,
            place=place,
            place_id=place_id,
            inherited=self.inherited,
        )


class Grants(_Grants):
    """The roles that are written for one user or group on one place."""

    @contract(query=ROLE.query, answers={200: ROLE.list})
    def get(
        self, request: Request, place: str, actor: str, actor_id: str, place_id: str | None = None
    ) -> HttpResponse:
        """List the roles that are given."""
        holding = self.holding("assignment:read", place, actor, actor_id, place_id)
        return listing(request, ROLE, assignments.unscoped_granted_roles(holding))


class OneGrant(_Grants):
    """One of them: PUT gives it, DELETE takes it, GET and HEAD say 204 or 404."""

    @contract(answers={204: None})
    def get(
        self, request: Request, place: str, actor: str, actor_id: str, role: str, place_id: str | None = None
    ) -> HttpResponse:
        """Check that a role is given."""
        holding = self.holding("assignment:read", place, actor, actor_id, place_id)
        if not assignments.unscoped_granted_roles(holding).filter(pk=role).exists():
            raise NotFound
        return no_content()

    @contract(answers={204: None})
    def put(
        self, request: Request, place: str, actor: str, actor_id: str, role: str, place_id: str | None = None
    ) -> HttpResponse:
        """Give a role."""
        holding = self.holding("assignment:write", place, actor, actor_id, place_id)
        assignments.grant(self.context, holding, role)
        return no_content()

    @contract(answers={204: None})
    def delete(
        self, request: Request, place: str, actor: str, actor_id: str, role: str, place_id: str | None = None
    ) -> HttpResponse:
        """Take a role away."""
        holding = self.holding("assignment:write", place, actor, actor_id, place_id)
        assignments.revoke(self.context, holding, role)
        return no_content()
