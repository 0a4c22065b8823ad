"""Flavors: sizes of instances, the projects that may use them, and extra specs."""

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
from compute.instances.models import Flavor
from compute.instances.services import flavors
from portal import pickers
from portal.form_pages import form_page
from portal.forms import CheckList, Form, Pairs, description_field
from portal.requests import Request, done, live_page


class FlavorForm(Form):
    """Sizes are texts, so that a wrong one comes back as typed."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=255, required=False)
    vcpus = forms.CharField(label=gettext_lazy("vCPUs"), max_length=12, required=False, initial="1")
    ram_mib = forms.CharField(
        label=gettext_lazy("Memory (MiB)"), max_length=12, required=False, initial="1024"
    )
    disk_gib = forms.CharField(label=gettext_lazy("Disk (GiB)"), max_length=12, required=False, initial="10")
    is_public = forms.BooleanField(
        label=gettext_lazy("Public"), required=False, initial=True, label_suffix=""
    )
    projects = forms.MultipleChoiceField(
        label=gettext_lazy("Only these projects"), required=False, widget=CheckList
    )
    description = description_field()
    extra_specs = Pairs(
        label=gettext_lazy("Extra specs"),
        help_text=gettext_lazy("Lines of key=value, as Nova names them: hw:watchdog_action=reset."),
        rows=4,
    )

    def __init__(self, context: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["projects"].choices = pickers.project_choices(context)  # type: ignore[attr-defined]


SIZES = ("vcpus", "ram_mib", "disk_gib")


@require_safe
def table(request: Request) -> HttpResponse:
    """Show all flavors, smallest first, with the number of their instances."""
    rows = flavors.all_for_admin(request.context)
    return live_page(request, "flavors/flavors.html", {"flavors": "flavors/table.html"}, {"rows": rows})


def new(request: Request) -> HttpResponse:
    """Make a flavor."""
    policy.enforce(request.context, "flavor:write")
    form = FlavorForm(request.context, request.POST or None)

    @transaction.atomic
    def save(data: dict[str, Any]) -> tuple[str, str]:
        flavor = flavors.create(request.context, {name: data[name] for name in _flavor_fields(data)})
        flavors.replace_specs(request.context, str(flavor.pk), data["extra_specs"])
        if not flavor.is_public:
            flavors.replace_projects(request.context, str(flavor.pk), data["projects"])
        return _("Created the flavor %(name)s.") % {"name": flavor.name}, reverse("flavors")

    return form_page(
        request,
        form,
        save,
        heading=_("New flavor"),
        intro=_("Sizes cannot be changed later."),
        button=_("Create flavor"),
        back=reverse("flavors"),
    )


def edit(request: Request, flavor_id: str) -> HttpResponse:
    """Change a flavor, except its size."""
    policy.enforce(request.context, "flavor:write")
    flavor = flavors.get(request.context, flavor_id)
    form = FlavorForm(request.context, request.POST or None, initial=_initial(flavor))
    fixed = ["name", *SIZES, "is_public", *(["projects"] if flavor.is_public else [])]
    for name in fixed:
        del form.fields[name]

    @transaction.atomic
    def save(data: dict[str, Any]) -> tuple[str, str]:
        flavors.describe(request.context, str(flavor.pk), data["description"])
        flavors.replace_specs(request.context, str(flavor.pk), data["extra_specs"])
        if not flavor.is_public:
            flavors.replace_projects(request.context, str(flavor.pk), data["projects"])
        return _("Changed the flavor %(name)s.") % {"name": flavor.name}, reverse("flavors")

    heading = _("Edit the flavor %(name)s") % {"name": flavor.name}
    return form_page(request, form, save, heading=heading, button=_("Save"), back=reverse("flavors"))


@require_POST
def delete(request: Request, flavor_id: str) -> HttpResponse:
    """Delete a flavor. Instances of this size stay as they are."""
    policy.enforce(request.context, "flavor:write")
    name = flavors.get(request.context, flavor_id).name
    flavors.delete(request.context, flavor_id)
    message = _("Deleted the flavor %(name)s.") % {"name": name}
    return done(request, message, reverse("flavors"), changed=("flavors",))


def _flavor_fields(data: dict[str, Any]) -> list[str]:
    return [name for name in ("name", *SIZES, "is_public", "description") if name in data]


def _initial(flavor: Flavor) -> dict[str, Any]:
    return {
        "description": flavor.description,
        "projects": list(flavor.projects.values_list("pk", flat=True)),
        "extra_specs": flavor.extra_specs,
    }


urlpatterns = [
    path("flavors/", table, name="flavors"),
    path("flavors/new/", new, name="flavor-new"),
    path("flavors/<path:flavor_id>/edit/", edit, name="flavor-edit"),
    path("flavors/<path:flavor_id>/delete/", delete, name="flavor-delete"),
]
