"""`/users`, their passwords, projects and groups."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from rest_framework.request import Request

from accounts.api import groups as groups_api
from accounts.api import projects as projects_api
from accounts.api.base import Collection, IdentityView, Member, Resource, links, listing
from accounts.api.schemas import users as schemas
from accounts.models import ExternalIdentity, User
from accounts.openstack.comparisons import time_condition
from accounts.openstack.contract import contract
from accounts.openstack.responses import no_content
from accounts.openstack.times import without_zone
from accounts.services import passwords, users


def show(user: User) -> dict[str, Any]:
    """Return a user without the fields that are not set, as Keystone does."""
    body: dict[str, Any] = user.extra | {
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain_id,
        "enabled": user.enabled,
        "password_expires_at": without_zone(passwords.expires_at(user)),
        "options": {},
        "links": links("users", user.id),
    }
    if user.description:
        body["description"] = user.description
    if user.email:
        body["email"] = user.email
    if user.default_project_id:
        body["default_project_id"] = user.default_project_id
    return body


def narrow(rows: QuerySet[User], query: QueryDict) -> QuerySet[User]:
    """Return the users whose password expires as asked, and who sign in by a protocol. Raise BadInput."""
    if expiry := query.get("password_expires_at"):
        condition = time_condition("expires_at", "password_expires_at", expiry)
        column = passwords.expiry_column()
        rows = rows.annotate(expires_at=column).filter(condition) if column else rows.none()
    if protocol := query.get("protocol_id"):
        from_directory = Q(external_identity__source=ExternalIdentity.LDAP)
        by_protocol = {"ldap": from_directory, "openid": Q(external_identity__isnull=False) & ~from_directory}
        rows = rows.filter(by_protocol.get(protocol, Q(pk__in=[])))
    return rows


USER = Resource(
    noun="user",
    path="users",
    show=show,
    item=schemas.SHOWN,
    list=schemas.LIST,
    query=schemas.QUERY,
    create=schemas.CREATE,
    update=schemas.UPDATE,
    texts={
        "name": "name",
        "domain_id": "domain__pk",
        "email": "email",
        "default_project_id": "default_project__pk",
        "idp_id": "external_identity__source",
        "unique_id": "external_identity__subject",
    },
    flags={"enabled": "enabled"},
    narrow=narrow,
    unshown=("last_login", "created_at", "theme", "rows", "hidden_columns", "operations_seen_at", "language"),
)


class Users(Collection):
    resource = USER

    def rows(self) -> QuerySet[User]:
        return users.all_for_admin(self.context)

    @method_decorator(sensitive_variables())
    def create(self, data: dict[str, Any]) -> User:
        return users.create(self.context, data)


class OneUser(Member):
    resource = USER

    def rows(self) -> QuerySet[User]:
        return users.visible_to(self.context)

    @method_decorator(sensitive_variables())
    def update(self, key: str, data: dict[str, Any]) -> User:
        return users.update(self.context, key, data)

    def remove(self, key: str) -> None:
        users.delete(self.context, key)


class Password(IdentityView):
    """The old password is the proof, as in Keystone: also a person without a token may need a new one."""

    anonymous = True

    @contract(body=schemas.CHANGE_PASSWORD, answers={204: None})
    @method_decorator(sensitive_variables())
    def post(self, request: Request, key: str) -> HttpResponse:
        """Change the own password."""
        users.change_password(request._request, key, self.body()["user"])
        return no_content()


class Projects(IdentityView):
    @contract(query=projects_api.PROJECT.query, answers={200: projects_api.PROJECT.list})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List the projects of a user."""
        return listing(request, projects_api.PROJECT, users.projects_visible_to(self.context, key))


class Groups(IdentityView):
    @contract(query=groups_api.GROUP.query, answers={200: groups_api.GROUP.list})
    def get(self, request: Request, key: str) -> HttpResponse:
        """List the groups of a user."""
        return listing(request, groups_api.GROUP, users.groups_visible_to(self.context, key))
