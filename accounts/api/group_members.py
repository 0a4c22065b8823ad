"""`/groups/{id}/users`, the members of a group."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.api.base import IdentityView, listing
from accounts.api.users import USER
from accounts.errors import NotFound
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.services import groups


class Members(IdentityView):
    @contract(query=USER.query, answers={200: USER.list})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List the users of a group."""
        return listing(request, USER, groups.members_for_admin(self.context, key))


class OneMember(IdentityView):
    @contract(answers={204: None})
    def get(self, request: Request, key: str, user: str) -> HttpResponse:
        """Check that a user is in a group."""
        if not groups.has_member(self.context, key, user):
            raise NotFound
        return no_content()

    @contract(answers={204: None})
    def put(self, request: Request, key: str, user: str) -> HttpResponse:
        """Add a user to a group."""
        groups.add_member(self.context, key, user)
        return no_content()

    @contract(answers={204: None})
    def delete(self, request: Request, key: str, user: str) -> HttpResponse:
        """Remove a user from a group."""
        groups.remove_member(self.context, key, user)
        return no_content()
