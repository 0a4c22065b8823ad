"""`/groups/{id}/users`: who is in a group."""

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.api.base import IdentityView, listing, no_content
from accounts.api.users import USER
from accounts.errors import NotFound
from accounts.services import groups


class Members(IdentityView):
    def get(self, request: Request, key: str) -> HttpResponse:
        return listing(request, USER, groups.members(self.context, key))


class OneMember(IdentityView):
    """Whether one user is in the group: 204 or 404."""

    def get(self, request: Request, key: str, user: str) -> HttpResponse:
        if not groups.has_member(self.context, key, user):
            raise NotFound
        return no_content()

    def put(self, request: Request, key: str, user: str) -> HttpResponse:
        groups.add_member(self.context, key, user)
        return no_content()

    def delete(self, request: Request, key: str, user: str) -> HttpResponse:
        groups.remove_member(self.context, key, user)
        return no_content()
