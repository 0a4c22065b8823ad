"""Volume types: kinds of volumes, the projects that may use them, and extra specs."""

from typing import Any
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.context import Context
from compute.volumes.models import VolumeType
from compute.volumes.services import qos_specs, volume_types
from portal import pickers
from portal.form_pages import form_page
from portal.forms import CheckList, Form, Pairs, description_field
from portal.requests import Request, done, live_page


class VolumeTypeForm(Form):
    """Parses only; `compute.volumes.services.volume_types` validates."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=255, required=False)
    description = description_field()
    public = forms.BooleanField(label=gettext_lazy("Public"), required=False, initial=True, label_suffix="")
    projects = forms.MultipleChoiceField(
        label=gettext_lazy("Only these projects"),
        required=False,
        widget=CheckList,
        help_text=gettext_lazy("Counts while the type is not public."),
    )
    extra_specs = Pairs(
        label=gettext_lazy("Extra specs"),
        help_text=gettext_lazy(
            "Lines of key=value, as Cinder names them. volume_backend_name names the storage pool."
        ),
        rows=4,
    )
    qos_specs = forms.ChoiceField(label=gettext_lazy("QoS specs"), required=False)

    def __init__(self, context: Context, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["projects"].choices = pickers.project_choices(context)  # type: ignore[attr-defined]
        limits = [(str(row.pk), row.name) for row in qos_specs.all_for_admin(context).order_by("name")]
        self.fields["qos_specs"].choices = [("", _("No limits")), *limits]  # type: ignore[attr-defined]


@require_safe
def table(request: Request) -> HttpResponse:
    """Show all types by name, with the number of their volumes."""
    volume_types.default()
    rows = volume_types.all_for_admin(request.context)
    parts = {"volume-types": "volume_types/table.html"}
    return live_page(request, "volume_types/volume_types.html", parts, {"rows": rows})


def new(request: Request) -> HttpResponse:
    """Make a type."""
    policy.enforce(request.context, "volume_type:write")

    @transaction.atomic
    def save(data: dict[str, Any]) -> tuple[str, str]:
        row = volume_types.create(request.context, data)
        qos_specs.assign(request.context, row.pk, data["qos_specs"])
        if not row.public:
            volume_types.replace_projects(request.context, row.pk, data["projects"])
        return _("Created the volume type %(name)s.") % {"name": row.name}, reverse("volume-types")

    return form_page(
        request,
        VolumeTypeForm(request.context, request.POST or None),
        save,
        heading=_("New volume type"),
        button=_("Create volume type"),
        back=reverse("volume-types"),
    )


def edit(request: Request, volume_type_id: UUID) -> HttpResponse:
    """Change a type, its extra specs and who may use it."""
    policy.enforce(request.context, "volume_type:write")
    row = volume_types.get(request.context, volume_type_id)
    form = VolumeTypeForm(request.context, request.POST or None, initial=_initial(row))

    @transaction.atomic
    def save(data: dict[str, Any]) -> tuple[str, str]:
        changed = volume_types.update(request.context, row.pk, data)
        volume_types.replace_specs(request.context, row.pk, data["extra_specs"])
        qos_specs.assign(request.context, row.pk, data["qos_specs"])
        if not changed.public:
            volume_types.replace_projects(request.context, row.pk, data["projects"])
        return _("Changed the volume type %(name)s.") % {"name": changed.name}, reverse("volume-types")

    heading = _("Edit the volume type %(name)s") % {"name": row.name}
    return form_page(request, form, save, heading=heading, button=_("Save"), back=reverse("volume-types"))


@require_POST
def delete(request: Request, volume_type_id: UUID) -> HttpResponse:
    """Delete a type that no volume has."""
    policy.enforce(request.context, "volume_type:write")
    name = volume_types.get(request.context, volume_type_id).name
    volume_types.delete(request.context, volume_type_id)
    message = _("Deleted the volume type %(name)s.") % {"name": name}
    return done(request, message, reverse("volume-types"), changed=("volume-types",))


def _initial(row: VolumeType) -> dict[str, Any]:
    return {
        "name": row.name,
        "description": row.description,
        "public": row.public,
        "projects": list(row.projects.values_list("pk", flat=True)),
        "extra_specs": row.extra_specs,
        "qos_specs": str(row.qos_specs_id or ""),
    }


urlpatterns = [
    path("volume-types/", table, name="volume-types"),
    path("volume-types/new/", new, name="volume-type-new"),
    path("volume-types/<uuid:volume_type_id>/edit/", edit, name="volume-type-edit"),
    path("volume-types/<uuid:volume_type_id>/delete/", delete, name="volume-type-delete"),
]
