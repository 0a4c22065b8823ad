"""A user's page: roles, their sources and credentials; and changing and deleting users."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.context import Context
from accounts.models import User
from accounts.services import (
    application_credentials,
    assignments,
    audit_trail,
    inputs,
    lockouts,
    projects,
    second_factor,
    sessions,
    tokens,
    users,
)
from portal import lists, pickers, role_sources
from portal.form_pages import form_page
from portal.forms import Form, description_field
from portal.requests import Request, deleted, done, live_page

SCOPES = 50
PARTS = {
    "user-header": "users/header.html",
    "roles": "users/roles.html",
    "credentials": "users/credentials.html",
    "found": "parts/found.html",
}


class ChangedUser(Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=255,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254, required=False)
    description = description_field()
    default_project_id = forms.ChoiceField(
        label=gettext_lazy("Default project"),
        required=False,
        help_text=gettext_lazy("Where they work after signing in; one in which they have a role."),
    )


@require_safe
def show(request: Request, user_id: str) -> HttpResponse:
    """Show the user or a part of it; `?find=` searches a scope for a role."""
    context = request.context
    user = _get_user(context, user_id)
    scopes = Paginator(role_sources.group_by_scope(assignments.role_sources(context, user)), SCOPES).get_page(
        lists.page_number(request)
    )
    values: dict[str, Any] = {
        "person": user,
        "is_self": user == request.user,
        "is_locked": user.id in lockouts.locked_ids([user]),
        "page": scopes,
        "picker": pickers.scopes(request),
        "chosen": "place",
        "roles": pickers.grantable_roles(context),
        "groups": users.groups_visible_to(context, user.id).order_by("name"),
        "credentials": application_credentials.visible_to(context, user.id).select_related("project"),
        "has_second_factor": second_factor.find(user) is not None,
        "session_count": sessions.visible_to(context, user.id).count(),
        "token_count": tokens.count(context, user.id),
        "events": audit_trail.user_events(context, user),
    }
    return live_page(request, "users/user.html", PARTS, values)


def edit(request: Request, user_id: str) -> HttpResponse:
    """Change a user's name, e-mail address, description and default project."""
    policy.enforce_somewhere(request.context, "user:write")
    user = _get_user(request.context, user_id)
    initial = {
        "name": user.name,
        "email": user.email,
        "description": user.description,
        "default_project_id": user.default_project_id,
    }
    form = ChangedUser(request.POST or None, initial=initial)
    project_names = {project.id: project.name for project in projects.unscoped_of_user(user)}
    if user.default_project:
        project_names[user.default_project.id] = user.default_project.name
    form.fields["default_project_id"].choices = [("", _("None")), *project_names.items()]  # type: ignore[attr-defined]
    back = reverse("user", args=[user.id])

    def save(data: dict[str, Any]) -> tuple[str, str]:
        fields = data | {"default_project_id": data["default_project_id"] or None}
        changed = users.update(request.context, user.id, fields)
        return _("Changed the user %(name)s.") % {"name": changed.name}, back

    heading = _("Edit the user %(name)s") % {"name": user.name}
    return form_page(request, form, save, heading=heading, button=_("Save"), back=back)


@require_POST
def set_enabled(request: Request, user_id: str) -> HttpResponse:
    """Enable or disable a user, who is signed out at the next request."""
    user = users.update(request.context, user_id, {"enabled": request.POST.get("enabled", "")})
    message = _("Enabled %(name)s.") if user.enabled else _("Disabled %(name)s: signed out everywhere.")
    back = reverse("user", args=[user.id])
    return done(request, message % {"name": user.name}, back, changed=("users", "user"))


@require_POST
def delete(request: Request, user_id: str) -> HttpResponse:
    """Delete the user with their roles, keys, tokens and application credentials."""
    policy.enforce_somewhere(request.context, "user:write")
    name = _get_user(request.context, user_id).name
    users.delete(request.context, user_id)
    message = _("Deleted the user %(name)s.") % {"name": name}
    return deleted(request, message, reverse("users"), changed=("users",))


@require_POST
def unlock(request: Request, user_id: str) -> HttpResponse:
    """Unlock a user after too many wrong passwords."""
    user = lockouts.lift(request.context, user_id)
    message = _("%(name)s may try again at once.") % {"name": user.name}
    return done(request, message, reverse("user", args=[user.id]), changed=("users", "user"))


@require_POST
def revoke_credential(request: Request, user_id: str, credential_id: str) -> HttpResponse:
    """Revoke an application credential and its tokens."""
    application_credentials.delete(request.context, user_id, credential_id)
    back = reverse("user", args=[user_id])
    return done(request, _("Revoked the application credential."), back, changed=("credentials",))


def _get_user(context: Context, user_id: str) -> User:
    policy.enforce_somewhere(context, "user:read")
    rows = users.visible_to(context).select_related("domain", "default_project")
    return inputs.get_or_404(rows, user_id, "user")


urlpatterns = [
    path("users/<str:user_id>/", show, name="user"),
    path("users/<str:user_id>/edit/", edit, name="user-edit"),
    path("users/<str:user_id>/enabled/", set_enabled, name="user-enabled"),
    path("users/<str:user_id>/delete/", delete, name="user-delete"),
    path("users/<str:user_id>/unlock/", unlock, name="user-unlock"),
    path(
        "users/<str:user_id>/credentials/<str:credential_id>/revoke/",
        revoke_credential,
        name="user-credential-revoke",
    ),
]
