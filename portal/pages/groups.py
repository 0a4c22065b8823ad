"""Groups of users: find, make, change and delete them, with their members and roles."""

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
from accounts.models import Group
from accounts.services import assignments, directory, groups, inputs
from portal import domain_choices, lists, pickers
from portal.form_pages import form_page
from portal.forms import Form, description_field
from portal.requests import Request, away, done, live_page

COLUMNS = (
    ("name", gettext_lazy("Name")),
    ("members", gettext_lazy("Members")),
    ("", gettext_lazy("Description")),
    ("domain", gettext_lazy("Domain")),
)
MEMBERS = 50
LIST_PARTS = {"groups": "groups/table.html"}
PARTS = {"group-members": "groups/members.html", "roles": "groups/roles.html"}


class GroupForm(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=64, required=False)
    domain_id = forms.ChoiceField(label=gettext_lazy("Domain"), required=False)
    description = description_field()


@require_safe
def table(request: Request) -> HttpResponse:
    """Show a page of groups, in a constant number of queries."""
    query = lists.parse_query(request)
    groups_page = directory.groups(
        request.context, search=query.search, domain=query.domain, sort=query.sort, number=query.number
    )
    domains = domain_choices.filters(request)
    values: dict[str, Any] = {
        "page": groups_page,
        "list_query": query,
        "columns": domain_choices.columns(request, COLUMNS, domains),
        "filters": [],
        "domains": domains,
        "hidden_fields": lists.hidden_fields(request.GET),
    }
    return live_page(request, "groups/groups.html", LIST_PARTS, values)


@require_safe
def show(request: Request, group_id: str) -> HttpResponse:
    """Show the group or a part of it; `?find=` searches new members, `?find=&what=place` a scope."""
    context = request.context
    group = _get_group(context, group_id)
    members = groups.members_for_admin(context, group.id).select_related("domain").order_by("name")
    for_place = request.GET.get("what") == "place"
    values: dict[str, Any] = {
        "group": group,
        "page": Paginator(members, MEMBERS).get_page(lists.page_number(request)),
        "picker": pickers.scopes(request) if for_place else pickers.users(request),
        "for_place": for_place,
        "chosen": "place",
        "roles": pickers.grantable_roles(context),
        "held": assignments.group_assignments_for_admin(context, group),
    }
    search_parts = {"found-members": "groups/found.html", "found": "parts/found.html"}
    return live_page(request, "groups/group.html", PARTS | search_parts, values)


def new(request: Request) -> HttpResponse:
    """Make a group."""
    policy.enforce_somewhere(request.context, "group:write")
    form = GroupForm(request.POST or None)
    domain_choices.offer(request, form, "group:write")

    def save(data: dict[str, Any]) -> tuple[str, str]:
        group = groups.create(request.context, data)
        message = _("Created the group %(name)s. Now add its members.") % {"name": group.name}
        return message, reverse("group", args=[group.id])

    return form_page(
        request, form, save, heading=_("New group"), button=_("Create group"), back=reverse("groups")
    )


def edit(request: Request, group_id: str) -> HttpResponse:
    """Change a group's name and description."""
    policy.enforce_somewhere(request.context, "group:write")
    group = _get_group(request.context, group_id)
    form = GroupForm(request.POST or None, initial={"name": group.name, "description": group.description})
    del form.fields["domain_id"]
    back = reverse("group", args=[group.id])

    def save(data: dict[str, Any]) -> tuple[str, str]:
        changed = groups.update(request.context, group.id, data)
        return _("Changed the group %(name)s.") % {"name": changed.name}, back

    heading = _("Edit the group %(name)s") % {"name": group.name}
    return form_page(request, form, save, heading=heading, button=_("Save"), back=back)


@require_POST
def delete(request: Request, group_id: str) -> HttpResponse:
    """Delete the group. Its roles end at its members' next requests."""
    policy.enforce_somewhere(request.context, "group:write")
    name = _get_group(request.context, group_id).name
    groups.delete(request.context, group_id)
    return away(request, _("Deleted the group %(name)s.") % {"name": name}, reverse("groups"))


@require_POST
def add_member(request: Request, group_id: str) -> HttpResponse:
    """Add a user to the group."""
    groups.add_member(request.context, group_id, _user_id(request))
    back = reverse("group", args=[group_id])
    return done(request, _("Added the member."), back, changed=("group-members",))


@require_POST
def remove_member(request: Request, group_id: str) -> HttpResponse:
    """Remove a user from the group, from their next request on."""
    groups.remove_member(request.context, group_id, _user_id(request))
    back = reverse("group", args=[group_id])
    return done(request, _("Removed the member."), back, changed=("group-members",))


def _get_group(context: Context, group_id: str) -> Group:
    policy.enforce_somewhere(context, "group:read")
    return inputs.get_or_404(groups.visible_to(context).select_related("domain"), group_id, "group")


def _user_id(request: Request) -> str:
    return request.POST.get("actor", "").removeprefix("users/")


urlpatterns = [
    path("groups/", table, name="groups"),
    path("groups/new/", new, name="group-new"),
    path("groups/<str:group_id>/", show, name="group"),
    path("groups/<str:group_id>/edit/", edit, name="group-edit"),
    path("groups/<str:group_id>/delete/", delete, name="group-delete"),
    path("groups/<str:group_id>/add/", add_member, name="group-add"),
    path("groups/<str:group_id>/remove/", remove_member, name="group-remove"),
]
