"""Forms of actions with parameters: a size to resize to, an image to rescue with, a name of the clone."""

import uuid
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.errors import MeridianError, OverQuota
from compute.engine.actions.permitted import refusal
from compute.images.services import images
from compute.instances.actions import Action, begin, choices
from compute.instances.actions.clone import OUTSIDE_GROUP
from compute.instances.actions.grow import Grow
from compute.instances.actions.resize import Resize
from compute.instances.actions.size_change import SizeChange
from compute.instances.models import Flavor, Instance
from compute.instances.services import flavors, instance_snapshots
from compute.volumes.states import SnapshotState
from portal import launch_plan, words
from portal.forms import Form, RadioList, time_zone_field
from portal.requests import Request, away, page

TEMPLATES = {"flavor_id": "instances/resize.html", "image_id": "instances/choose_image.html"}
"""Field that needs a page of its own → the page."""

ABOUT_SNAPSHOTS = {"instance.take_snapshot", "instance.revert"}


class Choice(Form):
    """Parses only; the action validates."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False)
    admin_password = forms.CharField(
        label=gettext_lazy("New password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    user = forms.CharField(label=gettext_lazy("User in the guest"), required=False)
    expires_at = forms.CharField(
        label=gettext_lazy("Expires"),
        required=False,
        help_text=gettext_lazy("Leave empty to never expire."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    time_zone = time_zone_field()
    days = forms.CharField(required=False)
    flavor_id = forms.CharField(required=False)
    image_id = forms.CharField(required=False)
    memory = forms.BooleanField(label=gettext_lazy("With the memory, so that programs go on"), required=False)
    snapshot = forms.CharField(label=gettext_lazy("Snapshot"), required=False, widget=RadioList)
    keep = forms.BooleanField(label=gettext_lazy("Keep what it has now as a snapshot"), required=False)
    iso = forms.CharField(label=gettext_lazy("ISO image"), required=False, widget=RadioList)
    key = forms.CharField(required=False, max_length=64)

    def __init__(self, action: Action, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in action.fields:
            if name not in self.fields:
                label = name.replace("_", " ").capitalize()
                self.add(name, forms.CharField(label=label, required=False))


def ask(request: Request, instance: Instance, action: Action) -> HttpResponse:
    """Show the form of an action, or begin it. A refused form keeps every value."""
    policy.enforce(request.context, action.rule(request.context, instance))
    if request.method != "POST":
        if error := refusal(request.context, action, instance):
            raise error
        initial = action.initial(instance) | {"key": uuid.uuid4().hex}
        chosen = {name: request.GET[name] for name in action.fields if name in request.GET}
        return _draw(request, instance, action, Choice(action, initial=initial | chosen))
    form = Choice(action, request.POST)
    if form.is_valid():
        # What is not ticked is said too, since an action may do by itself what a form offers ticked.
        parameters = {
            field: value
            for field in action.fields
            if (value := form.cleaned_data[field]) or isinstance(value, bool)
        }
        try:
            operation = begin(
                request.context,
                action.name,
                instance.pk,
                parameters=parameters,
                idempotency_key=form.cleaned_data["key"] or None,
            )
        except MeridianError as error:
            form.refuse(error)
            return _draw(request, instance, action, form, status=error.status, error=error)
        message = words.begun(action, instance.name)
        copy_id = operation.parameters.get("copy") if operation else None
        if operation and (note := operation.parameters.get(OUTSIDE_GROUP)):
            message = f"{message}. {note}"
        return away(request, message, reverse(_back(action), args=[copy_id or instance.pk]))
    return _draw(request, instance, action, form, status=400)


def _draw(
    request: Request,
    instance: Instance,
    action: Action,
    form: Choice,
    *,
    status: int = 200,
    error: MeridianError | None = None,
) -> HttpResponse:
    values: dict[str, Any] = {
        "instance": instance,
        "action": action,
        "form": form,
        "over_quota": isinstance(error, OverQuota),
        "chosen": {name: str(form[name].value() or "") for name in form.fields},
    }
    if isinstance(action, SizeChange):
        available = flavors.listing(request.context)
        is_own_project = (
            request.context.project is not None and request.context.project.id == instance.project_id
        )
        flavor = next((one for one in available if one.pk == values["chosen"]["flavor_id"]), None)
        values |= {
            "intro": action.intro,
            "flavor": flavor,
            "plan": launch_plan.resize(action, instance, flavor, available, may_ask=is_own_project),
        }
        if flavor and isinstance(action, Resize):
            values |= _grow_values(request, instance, flavor)
    elif "image_id" in action.fields:
        values |= {"images": images.list_launchable(request.context)}
    else:
        if "iso" in action.fields:
            isos = [(str(image.pk), image.name) for image in images.list_isos(request.context)]
            form.fields["iso"].widget.choices = isos
            values["nothing_possible"] = not isos
        if "snapshot" in action.fields:
            values |= _snapshots(request, instance, form)
        values |= {
            "intro": action.intro,
            "thing": instance,
            "address": reverse("instance-action", args=[instance.pk, action.verb]),
            "back": reverse(_back(action), args=[instance.pk]),
            "asked": [form[name] for name in action.fields if name in form.fields and name != "days"],
            "submit": action.submit or action.label,
        }
    template = next((TEMPLATES[name] for name in action.fields if name in TEMPLATES), "forms/ask.html")
    return page(request, template, values, status=status)


def _back(action: Action) -> str:
    """Return the name of the page to which the form leads back."""
    return "instance-snapshots" if action.name in ABOUT_SNAPSHOTS else "instance"


def _snapshots(request: Request, instance: Instance, form: Choice) -> dict[str, Any]:
    rows = instance_snapshots.of_instance(request.context, instance).filter(
        status=SnapshotState.AVAILABLE, task_state=None
    )
    choices = [
        (str(row.pk), f"{row} – {date_format(localtime(row.taken_at), 'DATETIME_FORMAT')}")
        for row in rows.order_by("-taken_at")
    ]
    form.fields["snapshot"].widget.choices = choices
    return {"nothing_possible": not choices}


def _grow_values(request: Request, instance: Instance, flavor: Flavor) -> dict[str, Any]:
    """Return the action that needs no shutdown, offered beside a resize, or why it is not possible."""
    (grow,) = (one for one in choices(request.context, instance) if isinstance(one.action, Grow))
    reason = grow.reason or Grow().refusal(instance, flavor)
    return {"grow": grow.action, "not_growing": reason}
