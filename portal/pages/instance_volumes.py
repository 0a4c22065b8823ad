"""The form that attaches one of the project's volumes to an instance."""

import uuid
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from accounts import policy
from accounts.errors import MeridianError
from compute.engine.actions import registry
from compute.engine.actions.begin import begin
from compute.instances.actions.volume_attach import enforce_free
from compute.instances.models import Instance
from compute.instances.services import instances
from portal import attach_choices, words
from portal.forms import Form, RadioList
from portal.requests import Request, away, page


class AttachForm(Form):
    """Parses only; the action validates."""

    volume = forms.CharField(label=_("Volume"), required=False, widget=RadioList)
    delete_on_termination = forms.BooleanField(
        label=_("Delete with the instance"),
        required=False,
        help_text=_("The volume and its data are deleted when the instance is."),
    )
    key = forms.CharField(required=False, max_length=64)


def attach(request: Request, instance_id: UUID) -> HttpResponse:
    """Show the available volumes, or attach the chosen one. A refused form keeps every value."""
    policy.enforce(request.context, "volume:attach")
    instance = instances.get(request.context, instance_id)
    if request.method != "POST":
        enforce_free(request.context, instance)
        return _draw(request, instance, AttachForm(initial={"key": uuid.uuid4().hex}))
    form = AttachForm(request.POST)
    if not form.is_valid():
        return _draw(request, instance, form, status=400)
    data = form.cleaned_data
    if not data["volume"]:
        form.add_error("volume", _("Choose a volume."))
        return _draw(request, instance, form, status=400)
    try:
        operation = begin(
            request.context,
            "volume.attach",
            data["volume"],
            parameters={
                "instance": str(instance.pk),
                "delete_on_termination": data["delete_on_termination"],
            },
            idempotency_key=data["key"] or None,
        )
    except MeridianError as error:
        form.refuse(error)
        return _draw(request, instance, form, status=error.status)
    action = registry.actions()["volume.attach"]
    name = operation.subject_name if operation else ""
    return away(request, words.begun(action, name or data["volume"]), reverse("instance", args=[instance.pk]))


def _draw(request: Request, instance: Instance, form: AttachForm, *, status: int = 200) -> HttpResponse:
    choices = attach_choices.volumes_for(request.context, instance)
    form.fields["volume"].widget.choices = choices.possible
    action = registry.actions()["volume.attach"]
    values = {
        "instance": instance,
        "thing": instance,
        "action": action,
        "form": form,
        "title": _("Attach volume"),
        "intro": _("The guest sees a further disk, also while it runs."),
        "address": reverse("instance-volume-attach", args=[instance.pk]),
        "back": reverse("instance", args=[instance.pk]),
        "asked": [form["volume"], form["delete_on_termination"]],
        "impossible": choices.impossible,
        "nothing_possible": not choices.possible,
        "submit": action.label,
    }
    return page(request, "forms/ask.html", values, status=status)


urlpatterns = [
    path("instances/<uuid:instance_id>/attach-volume/", attach, name="instance-volume-attach"),
]
