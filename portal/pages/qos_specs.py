"""QoS specs: limits of what volumes of a type may read and write."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from compute.volumes.models import QosSpecs
from compute.volumes.services import qos_specs
from portal.form_pages import form_page
from portal.forms import Form, Pairs
from portal.requests import Request, done, live_page

CONSUMERS = (
    (QosSpecs.Consumer.FRONT_END, gettext_lazy("QEMU (front-end)")),
    (QosSpecs.Consumer.BOTH, gettext_lazy("QEMU and the storage system (both)")),
    (
        QosSpecs.Consumer.BACK_END,
        gettext_lazy("The storage system alone (back-end), which enforces none here"),
    ),
)


class LimitsForm(Form):
    """Parses only; `compute.volumes.services.qos_specs` validates."""

    specs = Pairs(
        label=gettext_lazy("Limits"),
        help_text=gettext_lazy(
            "Lines of key=value, such as total_iops_sec=500 or total_bytes_sec=104857600. With _per_gb, as in "
            "total_iops_sec_per_gb=10, they grow with the volume. Disks have them once they are attached."
        ),
        rows=5,
    )


class QosForm(LimitsForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=255, required=False)
    consumer = forms.ChoiceField(label=gettext_lazy("Enforced by"), choices=CONSUMERS, required=False)
    field_order = ("name", "consumer", "specs")


@require_safe
def table(request: Request) -> HttpResponse:
    """Show all QoS specs with the types that have them, in a constant number of queries."""
    rows = qos_specs.all_for_admin(request.context).prefetch_related("types").order_by("name")
    return live_page(
        request, "qos_specs/qos_specs.html", {"qos-specs": "qos_specs/table.html"}, {"rows": rows}
    )


def new(request: Request) -> HttpResponse:
    """Make QoS specs."""
    policy.enforce(request.context, "qos_specs:write")

    def save(data: dict[str, Any]) -> tuple[str, str]:
        row = qos_specs.create(request.context, data["name"], data["consumer"], data["specs"])
        return _("Created the QoS specs %(name)s.") % {"name": row}, reverse("volume-type-qos")

    form = QosForm(request.POST or None)
    back = reverse("volume-type-qos")
    return form_page(request, form, save, heading=_("New QoS specs"), button=_("Create QoS specs"), back=back)


def edit(request: Request, qos_id: UUID) -> HttpResponse:
    """Change the limits."""
    policy.enforce(request.context, "qos_specs:write")
    row = qos_specs.get(request.context, qos_id)

    def save(data: dict[str, Any]) -> tuple[str, str]:
        qos_specs.replace_specs(request.context, row.pk, data["specs"])
        return _("Changed the QoS specs %(name)s.") % {"name": row}, reverse("volume-type-qos")

    form = LimitsForm(request.POST or None, initial={"specs": row.specs})
    heading = _("Edit the QoS specs %(name)s") % {"name": row}
    return form_page(request, form, save, heading=heading, button=_("Save"), back=reverse("volume-type-qos"))


@require_POST
def delete(request: Request, qos_id: UUID) -> HttpResponse:
    """Delete QoS specs that no type has."""
    policy.enforce(request.context, "qos_specs:write")
    name = qos_specs.get(request.context, qos_id).name
    qos_specs.delete(request.context, qos_id)
    message = _("Deleted the QoS specs %(name)s.") % {"name": name}
    return done(request, message, reverse("volume-type-qos"), changed=("volume-types",))


urlpatterns = [
    path("volume-types/qos/", table, name="volume-type-qos"),
    path("volume-types/qos/new/", new, name="volume-type-qos-new"),
    path("volume-types/qos/<uuid:qos_id>/edit/", edit, name="volume-type-qos-edit"),
    path("volume-types/qos/<uuid:qos_id>/delete/", delete, name="volume-type-qos-delete"),
]
