"""Host aggregates and their availability zones, for administrators."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from compute.hosts.models import Aggregate
from compute.hosts.services import aggregates
from portal.form_pages import form_page
from portal.forms import CheckList, Form, Pairs
from portal.requests import Request, done, live_page


class AggregateForm(Form):
    """Parses only; `compute.hosts.services.aggregates` validates."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=255, required=False)
    availability_zone = forms.CharField(
        label=gettext_lazy("Availability zone"),
        max_length=255,
        required=False,
        help_text=gettext_lazy("People choose it at launch. Empty: its hosts stay in the zone they are in."),
    )
    hosts = forms.MultipleChoiceField(label=gettext_lazy("Hosts"), required=False, widget=CheckList)
    metadata = Pairs(
        label=gettext_lazy("Metadata"),
        help_text=gettext_lazy(
            "Lines of key=value. A flavor asks for one by an extra spec like "
            "aggregate_instance_extra_specs:disk=ssd."
        ),
        rows=3,
    )

    def __init__(self, hosts: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hosts"].choices = [(name, name) for name in hosts]  # type: ignore[attr-defined]


@require_safe
def table(request: Request) -> HttpResponse:
    """Show all aggregates with their hosts, in a constant number of queries."""
    values = {"rows": aggregates.listing(request.context)}
    parts = {"aggregates": "aggregates/table.html"}
    return live_page(request, "aggregates/aggregates.html", parts, values)


def new(request: Request) -> HttpResponse:
    """Make an aggregate."""
    policy.enforce(request.context, "hypervisor:write")
    form = AggregateForm(_host_names(), request.POST or None)
    return _form(request, form, None, heading=_("New aggregate"), button=_("Create aggregate"))


def edit(request: Request, aggregate_id: str) -> HttpResponse:
    """Change an aggregate's name, zone, hosts and metadata."""
    policy.enforce(request.context, "hypervisor:write")
    aggregate = aggregates.get(request.context, aggregate_id)
    initial = {
        "name": aggregate.name,
        "availability_zone": aggregate.availability_zone,
        "hosts": [host.name for host in aggregate.hosts.all()],
        "metadata": aggregate.metadata,
    }
    form = AggregateForm(_host_names(), request.POST or None, initial=initial)
    heading = _("Edit the aggregate %(name)s") % {"name": aggregate.name}
    return _form(request, form, aggregate, heading=heading, button=_("Save"))


@require_POST
def delete(request: Request, aggregate_id: str) -> HttpResponse:
    """Delete an aggregate without hosts."""
    aggregate = aggregates.delete(request.context, aggregate_id)
    message = _("Deleted the aggregate %(name)s.") % {"name": aggregate.name}
    return done(request, message, reverse("aggregates"), changed=("aggregates",))


def _form(
    request: Request, form: AggregateForm, aggregate: Aggregate | None, *, heading: str, button: str
) -> HttpResponse:
    def save(data: dict[str, Any]) -> tuple[str, str]:
        saved = aggregates.arrange(
            request.context,
            aggregate,
            name=data["name"],
            zone=data["availability_zone"],
            hosts=data["hosts"],
            metadata=data["metadata"],
        )
        return _("Saved the aggregate %(name)s.") % {"name": saved.name}, reverse("aggregates")

    return form_page(request, form, save, heading=heading, button=button, back=reverse("aggregates"))


def _host_names() -> list[str]:
    return [host.name for hosts in aggregates.zones().values() for host in hosts]


urlpatterns = [
    path("aggregates/", table, name="aggregates"),
    path("aggregates/new/", new, name="aggregate-new"),
    path("aggregates/<str:aggregate_id>/edit/", edit, name="aggregate-edit"),
    path("aggregates/<str:aggregate_id>/delete/", delete, name="aggregate-delete"),
]
