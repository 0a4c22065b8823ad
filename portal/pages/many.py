"""Forms of actions on many instances: a preview of each result, then the results."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import policy
from accounts.context import Context
from compute.engine.actions import registry
from compute.engine.actions.permitted import choice
from compute.engine.actions.rehearsal import Outcome, begin_each, rehearse
from compute.instances.models import Instance
from compute.instances.services import expiry, flavors, instances
from portal.forms import Form, time_zone_field
from portal.requests import Request, page
from portal.templatetags.cloud import mib

MOST = 150
"""Instances at a time. Their ids stand in addresses, of which nginx takes 8 KiB."""


class ForMany(Form):
    """Parses only; the action validates for each instance."""

    verb: ClassVar[str]
    intro: ClassVar[str | Promise]
    button: ClassVar[str | Promise]

    def __init__(self, context: Context, data: dict[str, Any]) -> None:
        # Bound from the beginning, so that the page shows the results of its initial values.
        initial = {
            name: field.initial for name, field in self.base_fields.items() if field.initial is not None
        }
        super().__init__(initial | data)

    def parameters(self) -> dict[str, Any] | None:
        """Return the action's parameters; None while some are missing."""
        raise NotImplementedError

    def show(self, instance: Instance) -> str:
        """Return the property that the action changes, as a text."""
        raise NotImplementedError


class Resizing(ForMany):
    verb = "resize"
    intro = gettext_lazy(
        "They are shut down, get their new size and start again. Until you confirm, you can go back."
    )
    button = gettext_lazy("Resize")
    flavor_id = forms.CharField(label=gettext_lazy("Size"), required=False, widget=forms.Select)

    def __init__(self, context: Context, data: dict[str, Any]) -> None:
        super().__init__(context, data)
        available = flavors.listing(context)
        options = [
            (flavor.pk, _size(flavor.name, flavor.vcpus, flavor.ram_mib, flavor.disk_gib))
            for flavor in available
        ]
        self.fields["flavor_id"].widget = forms.Select(
            choices=[("", _("Choose a size.")), *options], attrs={"class": "form-select"}
        )

    def parameters(self) -> dict[str, Any] | None:
        flavor_id = self.cleaned_data["flavor_id"]
        return {"flavor_id": flavor_id} if flavor_id else None

    def show(self, instance: Instance) -> str:
        return _size(instance.flavor_name, instance.vcpus, instance.ram_mib, instance.disk_gib)


class Expiring(ForMany):
    verb = "set_expiry"
    intro = gettext_lazy("At that time they go to the recycle bin by themselves, even when they are locked.")
    button = gettext_lazy("Save")
    how = forms.ChoiceField(
        label=gettext_lazy("Action"),
        initial="days",
        choices=[
            ("days", gettext_lazy("Extend by days")),
            ("at", gettext_lazy("Expire at a time")),
            ("never", gettext_lazy("Never expire")),
        ],
    )
    days = forms.CharField(
        label=gettext_lazy("Days"),
        initial=str(expiry.EXTENSION_DAYS),
        required=False,
        widget=forms.NumberInput(attrs={"min": 1, "max": expiry.LONGEST_DAYS}),
    )
    expires_at = forms.CharField(
        label=gettext_lazy("Time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    time_zone = time_zone_field()

    def parameters(self) -> dict[str, Any] | None:
        data = self.cleaned_data
        match data["how"]:
            case "days":
                return {"days": data["days"]} if data["days"] else None
            case "at":
                moment = {"expires_at": data["expires_at"], "time_zone": data["time_zone"]}
                return moment if data["expires_at"] else None
        return {}

    def show(self, instance: Instance) -> str:
        return f"{instance.expires_at:%Y-%m-%d %H:%M} UTC" if instance.expires_at else _("never")


class Tagging(ForMany):
    verb = "set_tags"
    intro = gettext_lazy("Tags are words by which people and clients find instances.")
    button = gettext_lazy("Save")
    more = forms.CharField(
        label=gettext_lazy("Add"),
        required=False,
        help_text=gettext_lazy("Separated by commas."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    without = forms.CharField(
        label=gettext_lazy("Remove"),
        required=False,
        help_text=gettext_lazy("Separated by commas."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def parameters(self) -> dict[str, Any] | None:
        tags = {name: _words(self.cleaned_data[name]) for name in ("more", "without")}
        return tags if any(tags.values()) else None

    def show(self, instance: Instance) -> str:
        return ", ".join(instance.tags) or "–"


FORMS: dict[str, type[ForMany]] = {form.verb: form for form in (Resizing, Expiring, Tagging)}
"""Verb → the form of its parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An instance: the property `now`, and `then` or the `reason` of a refusal."""

    instance: Instance
    now: str
    then: str
    reason: str


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: Request, verb: str) -> HttpResponse:
    """Show the form with the result for each selected instance, or begin the action."""
    policy.enforce(request.context, f"instance:{verb}")
    data = request.POST if request.method == "POST" else request.GET
    selection = instances.by_ids(request.context, data.getlist("ids")[:MOST])
    form = FORMS[verb](request.context, data.dict())
    parameters = form.parameters() if form.is_valid() else None
    sent = request.method == "POST" and parameters is not None
    if parameters is None:
        outcomes = [_incomplete_outcome(request.context, verb, instance) for instance in selection]
    else:
        act = begin_each if sent else rehearse
        outcomes = act(request.context, f"instance.{verb}", selection, parameters)
    values = {
        "action": registry.actions()[f"instance.{verb}"],
        "form": form,
        "lines": [_line(form, outcome) for outcome in outcomes],
        "sent": sent,
        "unsaid": parameters is None,
        "changed": sum(not outcome.reason for outcome in outcomes),
    }
    status = 400 if request.method == "POST" and not sent else 200
    return page(request, "instances/many.html", values, status=status)


def _incomplete_outcome(context: Context, verb: str, instance: Instance) -> Outcome:
    """Return the outcome without parameters: only refusals that hold for any of them."""
    return Outcome(
        before=instance,
        after=None,
        reason=choice(context, instance, registry.actions()[f"instance.{verb}"]).reason,
    )


def _line(form: ForMany, outcome: Outcome) -> Line:
    return Line(
        instance=outcome.before,
        now=form.show(outcome.before),
        then=form.show(outcome.after) if outcome.after else "",
        reason=outcome.reason,
    )


def _size(name: str, vcpus: int, ram_mib: int, disk_gib: int) -> str:
    figures = _("%(vcpus)s vCPU · %(memory)s · %(disk)s GiB") % {
        "vcpus": vcpus,
        "memory": mib(ram_mib),
        "disk": disk_gib,
    }
    return f"{name}: {figures}"


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


urlpatterns = [
    path("instances/many/resize/", ask, {"verb": "resize"}, name="instances-resize"),
    path("instances/many/expiry/", ask, {"verb": "set_expiry"}, name="instances-set_expiry"),
    path("instances/many/tags/", ask, {"verb": "set_tags"}, name="instances-set_tags"),
]
