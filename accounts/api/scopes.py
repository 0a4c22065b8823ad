"""`/auth/projects`, `/auth/domains`, `/auth/system`, `/auth/catalog`: the scopes of the user, and the catalog."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.api import domains, projects
from accounts.api.base import IdentityView, listing, page_response, url
from accounts.api.schemas import tokens as schemas
from accounts.errors import Forbidden
from accounts.openstack.contract import contract
from accounts.openstack.paging import Page
from accounts.services import assignments, catalog
from accounts.services import projects as project_rows


class Projects(IdentityView):
    @contract(query=projects.PROJECT.query, answers={200: projects.PROJECT.list})
    def get(self, request: Request) -> HttpResponse:
        """List the projects that the token may be rescoped to."""
        return listing(request, projects.PROJECT, project_rows.unscoped_of_user(self.context.user))


class Domains(IdentityView):
    @contract(query=domains.DOMAIN.query, answers={200: domains.DOMAIN.list})
    def get(self, request: Request) -> HttpResponse:
        """List the domains that the token may be rescoped to."""
        return listing(request, domains.DOMAIN, assignments.unscoped_domains(self.context.user))


class System(IdentityView):
    @contract(answers={200: schemas.SYSTEM})
    def get(self, request: Request) -> HttpResponse:
        """Show whether the token may be rescoped to the system."""
        rows: list[Any] = [{"all": True}] if assignments.has_system_role(self.context.user) else []
        return page_response(request, "system", Page(rows=rows, more=False), dict)


class Catalog(IdentityView):
    @contract(answers={200: schemas.CATALOG})
    def get(self, request: Request) -> HttpResponse:
        """Show the services and where they are."""
        if not self.valid.token.is_scoped:
            raise Forbidden("An unscoped token has no catalog.")
        return JsonResponse(
            {
                "catalog": catalog.token_catalog(self.valid.token, self.valid.mark),
                "links": {"self": url("auth/catalog")},
            }
        )
