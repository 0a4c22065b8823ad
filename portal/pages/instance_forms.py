"""Verbs that need more than a click: resize to which size, rescue with which image, clone under which name."""

import uuid
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.errors import Conflict, MeridianError, OverQuota
from compute.engine.actions.base import refusal
from compute.images.services import images
from compute.instances import states
from compute.instances.actions import Action, begin, choices
from compute.instances.actions.clone import OUTSIDE
from compute.instances.actions.grow import Grow
from compute.instances.actions.resize import Resize
from compute.instances.actions.set_password import DEFAULT_USER
from compute.instances.actions.take_image import usual_name
from compute.instances.models import Flavor, Instance
from compute.instances.services import flavors
from portal import launch_plan
from portal.forms import Form, time_zone_field
from portal.requests import Request, away, page

TEMPLATES = {
    "resize": "instances/resize.html",
    "grow": "instances/resize.html",
    "rescue": "instances/choose_image.html",
    "rebuild": "instances/choose_image.html",
}
INTROS: dict[str, str | Promise] = {
    "resize": gettext_lazy(
        "It is shut down, gets its new size and starts again. Until you confirm, you can go back."
    ),
    "grow": gettext_lazy(
        "It runs on and gets more processors, memory and disk. Nothing of it can be taken back; its system may have "
        "to bring them into use."
    ),
    "clone": gettext_lazy(
        "A new instance of the same size, image, SSH key, labels and server group gets a copy of its disk and of what "
        "its firmware and TPM remember, and its own id and addresses. One that runs is copied while it runs on: the "
        "copy is what its disk holds when the copying ends, as after a power cut."
    ),
    "take_image": gettext_lazy(
        "A copy of its disk becomes an image of this project, to launch further instances from. One that runs is "
        "copied while it runs on: the image is what its disk holds when the copying ends, as after a power cut. "
        "Shut it down first where that is not good enough."
    ),
    "set_password": gettext_lazy("The agent in the guest gives one of its users a new password."),
    "set_expiry": gettext_lazy(
        "At that time it goes to the recycle bin by itself, even when it is locked. A day before, its page says so "
        "and whoever launched it gets a mail, where mail is set up."
    ),
}
SUBMITS: dict[str, str | Promise] = {"set_expiry": gettext_lazy("Save")}


class Choice(Form):
    """Parses only; the action says what is wrong."""

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
        help_text=gettext_lazy("Empty: it never expires."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    time_zone = time_zone_field()
    days = forms.CharField(required=False)
    flavor_id = forms.CharField(required=False)
    image_id = forms.CharField(required=False)
    key = forms.CharField(required=False, max_length=64)


def ask(request: Request, instance: Instance, action: Action) -> HttpResponse:
    """The form of a verb, and its sending; what is refused comes back with every value in its place."""
    policy.enforce(request.context, action.deed(request.context, instance))
    if request.method != "POST":
        if not states.allowed(action.verb, instance.vm_state, instance.task_state):
            raise Conflict(refusal(action, instance))
        if hindrance := action.hindrance(instance):
            raise Conflict(hindrance)
        initial = {
            "flavor_id": request.GET.get("flavor_id", instance.flavor_id),
            "image_id": str(instance.image_id or ""),
            "name": usual_name(instance) if action.verb == "take_image" else f"{instance.name[:240]}-clone",
            "user": DEFAULT_USER,
            "key": uuid.uuid4().hex,
        }
        return _draw(request, instance, action, Choice(initial=initial))
    form = Choice(request.POST)
    if form.is_valid():
        given = {field: form.cleaned_data[field] for field in action.fields if form.cleaned_data[field]}
        try:
            operation = begin(
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
        made = operation.parameters.get("copy") if operation else None
        if operation and (outside := operation.parameters.get(OUTSIDE)):
            said = f"{said}. {outside}"
        return away(request, said, reverse("instance", args=[made or instance.pk]))
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
    if isinstance(action, Resize):
        known = flavors.listing(request.context)
        own = request.context.project is not None and request.context.project.id == instance.project_id
        flavor = next((one for one in known if one.pk == values["chosen"]["flavor_id"]), None)
        values |= {
            "intro": INTROS[action.verb],
            "flavor": flavor,
            "plan": launch_plan.resize(action, instance, flavor, known, may_ask=own),
        }
        if flavor and action.verb == "resize":
            values |= _growing(request, instance, flavor)
    elif "image_id" in action.fields:
        values |= {"images": images.listing(request.context)}
    else:
        values |= {
            "intro": INTROS[action.verb],
            "asked": [form[name] for name in action.fields if name in form.fields and name != "days"],
            "submit": SUBMITS.get(action.verb, action.label),
        }
    return page(request, TEMPLATES.get(action.verb, "instances/ask.html"), values, status=status)


def _growing(request: Request, instance: Instance, flavor: Flavor) -> dict[str, Any]:
    """The way without a shutdown, to be offered beside a resize, or why there is none."""
    (grow,) = (one for one in choices(request.context, instance) if isinstance(one.action, Grow))
    reason = grow.reason or Grow().misfit(instance, flavor)
    return {"grow": grow.action, "not_growing": reason}
