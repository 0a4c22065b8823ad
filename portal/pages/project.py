"""A project's page: members, their roles and usage; and making, changing and deleting projects."""

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
from accounts.models import Project
from accounts.services import assignments, audit_trail, directory, inputs, projects
from compute.instances.services import instances
from portal import lists, pickers, quota_lines
from portal.form_pages import form_page
from portal.forms import Form, description_field
from portal.requests import Request, deleted, done, live_page
from portal.role_sources import describe_origin

MEMBERS = 50
PARTS = {
    "project-header": "projects/header.html",
    "members": "projects/members.html",
    "quota": "projects/quota.html",
    "found": "parts/found.html",
}


def _tags_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Tags"), required=False, help_text=gettext_lazy("Separate tags with commas.")
    )


class NewProject(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=64, required=False)
    parent_id = forms.ChoiceField(
        label=gettext_lazy("Parent"),
        required=False,
        help_text=gettext_lazy(
            "A domain, or another project: roles given for “projects below” reach into this one."
        ),
    )
    description = description_field()
    tags = _tags_field()


class ChangedProject(Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=64, required=False)
    description = description_field()
    tags = _tags_field()


@require_safe
def show(request: Request, project_id: str) -> HttpResponse:
    """Show the project or a part of it; `?find=` searches users and groups for a role."""
    context = request.context
    project = _get_project(context, project_id)
    members = Paginator(assignments.project_assignments_for_admin(context, project), MEMBERS).get_page(
        lists.page_number(request)
    )
    used = instances.count(context, project) if context.is_admin else None
    values: dict[str, Any] = {
        "project": project,
        "lineage": project.lineage,
        "children": project.children.order_by("name"),
        "page": members,
        "members": [(row, *describe_origin(row, project)) for row in members],
        "picker": pickers.actors(request),
        "chosen": "actor",
        "roles": pickers.grantable_roles(context),
        "line": quota_lines.lines([project])[0],
        "is_edited": "limits" in request.GET,
        "instance_count": used,
        "events": audit_trail.project_events(context, project),
    }
    return live_page(request, "projects/project.html", PARTS, values)


def new(request: Request) -> HttpResponse:
    """Make a project below a domain or another project."""
    policy.enforce_somewhere(request.context, "project:write")
    form = NewProject(request.POST or None, initial={"parent_id": request.GET.get("below")})
    form.fields["parent_id"].choices = _parents(request.context)  # type: ignore[attr-defined]

    def save(data: dict[str, Any]) -> tuple[str, str]:
        fields = data | {"tags": _tags(data["tags"]), "parent_id": data["parent_id"] or None}
        project = projects.create(request.context, fields)
        message = _("Created the project %(name)s. Now give somebody a role in it.") % {"name": project.name}
        return message, reverse("project", args=[project.id])

    return form_page(
        request, form, save, heading=_("New project"), button=_("Create project"), back=reverse("projects")
    )


def edit(request: Request, project_id: str) -> HttpResponse:
    """Change a project's name, description and tags."""
    policy.enforce_somewhere(request.context, "project:write")
    project = _get_project(request.context, project_id)
    tags = ", ".join(project.tag_names)
    initial = {"name": project.name, "description": project.description, "tags": tags}
    back = reverse("project", args=[project.id])

    def save(data: dict[str, Any]) -> tuple[str, str]:
        changed = projects.update(request.context, project.id, data | {"tags": _tags(data["tags"])})
        return _("Changed the project %(name)s.") % {"name": changed.name}, back

    heading = _("Edit the project %(name)s") % {"name": project.name}
    form = ChangedProject(request.POST or None, initial=initial)
    return form_page(request, form, save, heading=heading, button=_("Save"), back=back)


@require_POST
def set_enabled(request: Request, project_id: str) -> HttpResponse:
    """Enable or disable a project, from its members' next requests on."""
    project = projects.update(request.context, project_id, {"enabled": request.POST.get("enabled", "")})
    message = _("Enabled %(name)s.") if project.enabled else _("Disabled %(name)s.")
    back = reverse("project", args=[project.id])
    return done(request, message % {"name": project.name}, back, changed=("projects", "project"))


@require_POST
def delete(request: Request, project_id: str) -> HttpResponse:
    """Delete an empty project. A refusal names its contents."""
    policy.enforce_somewhere(request.context, "project:write")
    project = _get_project(request.context, project_id)
    projects.delete(request.context, project_id)
    message = _("Deleted the project %(name)s.") % {"name": project.name}
    return deleted(request, message, reverse("projects"), changed=("projects",))


def _get_project(context: Context, project_id: str) -> Project:
    policy.enforce_somewhere(context, "project:read")
    return inputs.get_or_404(projects.all_for_admin(context).with_lineage(), project_id, "project")  # type: ignore[attr-defined]


def _tags(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _parents(context: Context) -> list[tuple[str, Any]]:
    """Return every domain, with the projects in it that can be a parent."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for project in projects.all_for_admin(context).order_by("name").values_list("domain_id", "pk", "name"):
        rows.setdefault(project[0], []).append((project[1], project[2]))
    return [
        (
            domain.name,
            [(domain.id, _("The domain %(name)s itself") % {"name": domain.name}), *rows.get(domain.id, [])],
        )
        for domain in sorted(
            directory.domains(context, "project:write"),
            key=lambda domain: (domain.id != context.user.domain_id, domain.name),
        )
    ]


urlpatterns = [
    path("projects/new/", new, name="project-new"),
    path("projects/<str:project_id>/", show, name="project"),
    path("projects/<str:project_id>/edit/", edit, name="project-edit"),
    path("projects/<str:project_id>/enabled/", set_enabled, name="project-enabled"),
    path("projects/<str:project_id>/delete/", delete, name="project-delete"),
]
