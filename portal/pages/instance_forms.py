"""Verbs that need more than a click: resize to which size, rescue and rebuild with which image."""

import uuid
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import policy
from accounts.errors import Conflict, MeridianError, OverQuota
from compute import states
from compute.actions import Action, begin
from compute.actions.base import refusal
from compute.models import Instance
from compute.services import flavors, images
from portal import launch_plan
from portal.forms import Form
from portal.requests import Request, away, page

TEMPLATES = {
    "resize": "instances/resize.html",
    "rescue": "instances/choose_image.html",
    "rebuild": "instances/choose_image.html",
}


class Choice(Form):
    """Parses only; the action says what is wrong."""

    flavor_id = forms.CharField(required=False)
    image_id = forms.CharField(required=False)
    key = forms.CharField(required=False, max_length=64)


def ask(request: Request, instance: Instance, action: Action) -> HttpResponse:
    """The form of a verb, and its sending; what is refused comes back with every value in its place."""
    policy.enforce(request.context, f"instance:{action.verb}")
    if request.method != "POST":
        if not states.allowed(action.verb, instance.vm_state, instance.task_state):
            raise Conflict(refusal(action, instance))
        initial = {
            "flavor_id": request.GET.get("flavor_id", instance.flavor_id),
            "image_id": str(instance.image_id or ""),
            "key": uuid.uuid4().hex,
        }
        return _draw(request, instance, action, Choice(initial=initial))
    form = Choice(request.POST)
    if form.is_valid():
        given = {field: form.cleaned_data[field] for field in action.fields if form.cleaned_data[field]}
        try:
            begin(
                request.context,
                action.verb,
                instance.pk,
                parameters=given,
                idempotency_key=form.cleaned_data["key"] or None,
            )
        except MeridianError as error:
            form.refuse(error)
            return _draw(request, instance, action, form, status=error.status, error=error)
        said = _("%(label)s: %(name)s") % {"label": action.label, "name": instance.name}
        return away(request, said, reverse("instance", args=[instance.pk]))
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
    if action.verb == "resize":
        known = flavors.listing(request.context)
        own = request.context.project is not None and request.context.project.id == instance.project_id
        flavor = next((one for one in known if one.pk == values["chosen"]["flavor_id"]), None)
        values |= {"flavor": flavor, "plan": launch_plan.resize(instance, flavor, known, may_ask=own)}
    else:
        values |= {"images": images.listing(request.context)}
    return page(request, TEMPLATES[action.verb], values, status=status)
