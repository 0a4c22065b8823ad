"""Roles: those that each implies, and roles beyond the default ones."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.context import Context
from accounts.models import Role
from accounts.services import inputs, roles
from portal import pickers
from portal.form_pages import form_page
from portal.forms import CheckList, Form, description_field
from portal.requests import Request, done, live_page


class RoleForm(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=64, required=False)
    description = description_field()
    implied = forms.MultipleChoiceField(
        label=gettext_lazy("Implies"),
        required=False,
        help_text=gettext_lazy("Whoever has this role has those too, and all that they imply."),
        widget=CheckList,
    )


@require_safe
def table(request: Request) -> HttpResponse:
    """Show all roles; there are few."""
    policy.enforce(request.context, "role:write")
    implied = roles.implied(request.context)
    rows = [
        {"role": role, "implied": implied.get(role.id, []), "is_default": role.name in roles.DEFAULTS}
        for role in pickers.all_roles(request.context)
    ]
    return live_page(request, "roles/roles.html", {"roles": "roles/table.html"}, {"rows": rows})


def new(request: Request) -> HttpResponse:
    """Make a role that implies others."""
    policy.enforce(request.context, "role:write")
    form = _form(request, None, {})

    @transaction.atomic
    def save(data: dict[str, Any]) -> tuple[str, str]:
        role = roles.create(request.context, data)
        roles.replace_implied(request.context, role.id, data["implied"])
        return _("Created the role %(name)s.") % {"name": role.name}, reverse("roles")

    intro = _(
        "Meridian’s own rules ask for the default roles only. Another role is useful where it implies one of "
        "these, or where a further OpenStack service asks for it."
    )
    return form_page(
        request,
        form,
        save,
        heading=_("New role"),
        intro=intro,
        button=_("Create role"),
        back=reverse("roles"),
    )


def edit(request: Request, role_id: str) -> HttpResponse:
    """Change a role's description and implied roles. The default roles keep their names and their order."""
    policy.enforce(request.context, "role:write")
    role = _get_role(request.context, role_id)
    direct = [rule.implied_id for rule in roles.inferences_visible_to(request.context, role.id)]
    initial = {"name": role.name, "description": role.description, "implied": direct}
    form = _form(request, role, initial)
    if role.name in roles.DEFAULTS:
        del form.fields["name"]

    @transaction.atomic
    def save(data: dict[str, Any]) -> tuple[str, str]:
        roles.update(request.context, role.id, data)
        roles.replace_implied(request.context, role.id, data["implied"])
        return _("Changed the role %(name)s.") % {"name": role.name}, reverse("roles")

    heading = _("Edit the role %(name)s") % {"name": role.name}
    return form_page(request, form, save, heading=heading, button=_("Save"), back=reverse("roles"))


@require_POST
def delete(request: Request, role_id: str) -> HttpResponse:
    """Delete a role that is not a default one, and revoke it from all."""
    policy.enforce(request.context, "role:write")
    name = _get_role(request.context, role_id).name
    roles.delete(request.context, role_id)
    return done(
        request, _("Deleted the role %(name)s.") % {"name": name}, reverse("roles"), changed=("roles",)
    )


def _get_role(context: Context, role_id: str) -> Role:
    return inputs.get_or_404(roles.visible_to(context), role_id, "role")


def _form(request: Request, role: Role | None, initial: dict[str, Any]) -> RoleForm:
    """Return the form with every role that this one could imply: never itself or the administrator's."""
    form = RoleForm(request.POST or None, initial=initial)
    choices = [
        (other.id, other.full_name)
        for other in pickers.all_roles(request.context)
        if other != role
        and other.name != roles.LADDER[0]
        and other.domain_id in {None, role.domain_id if role else None}
    ]
    form.fields["implied"].choices = choices  # type: ignore[attr-defined]
    return form


urlpatterns = [
    path("roles/", table, name="roles"),
    path("roles/new/", new, name="role-new"),
    path("roles/<str:role_id>/edit/", edit, name="role-edit"),
    path("roles/<str:role_id>/delete/", delete, name="role-delete"),
]
