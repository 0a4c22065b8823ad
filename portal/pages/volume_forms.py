"""Forms of actions on volumes with parameters: an instance to attach to, a larger size, another name."""

import uuid
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.errors import MeridianError, OverQuota
from accounts.services import quota_requests, quotas
from compute.engine.actions.base import Action
from compute.engine.actions.begin import begin
from compute.engine.actions.permitted import refusal
from compute.volumes.actions.reset_status import CHOICES
from compute.volumes.models import Volume
from compute.volumes.services import backups, volume_moves, volume_quota, volume_snapshots, volume_types
from compute.volumes.states import SnapshotState, VolumeState
from portal import attach_choices, quota_offer, words
from portal.forms import Form, RadioList, description_field
from portal.requests import Request, away, page
from portal.templatetags.cloud import amount

MOST_BACKUPS = 200
GIB = 2**30


class VolumeActionForm(Form):
    """Parses only; the action validates. Has the fields of all actions, of which `ask` shows those of one."""

    instance = forms.CharField(label=gettext_lazy("Instance"), required=False, widget=RadioList)
    delete_on_termination = forms.BooleanField(
        label=gettext_lazy("Delete with the instance"),
        required=False,
        help_text=gettext_lazy("The volume and its data are deleted when the instance is."),
    )
    size = forms.CharField(
        label=gettext_lazy("Size (GiB)"),
        required=False,
        max_length=12,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    snapshot = forms.CharField(label=gettext_lazy("Snapshot"), required=False, widget=RadioList)
    backup = forms.CharField(label=gettext_lazy("Backup"), required=False, widget=RadioList)
    type = forms.CharField(label=gettext_lazy("Type"), required=False, widget=RadioList)
    migrate = forms.BooleanField(
        label=gettext_lazy("Move the volume if need be"),
        required=False,
        help_text=gettext_lazy("To a storage pool that suits the type. The guest keeps running."),
    )
    pool = forms.CharField(label=gettext_lazy("Storage pool"), required=False, widget=RadioList)
    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=255)
    description = description_field()
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        required=False,
        choices=[(state, VolumeState(state).label) for state in CHOICES],
        help_text=gettext_lazy("It changes the word and nothing else. Use it when the status is wrong."),
    )
    key = forms.CharField(required=False, max_length=64)


def ask(request: Request, volume: Volume, action: Action) -> HttpResponse:
    """Show the form of an action, or begin it. A refused form keeps every value."""
    policy.enforce(request.context, action.rule(request.context, volume))
    if request.method != "POST":
        if error := refusal(request.context, action, volume):
            raise error
        initial = action.initial(volume) | {"key": uuid.uuid4().hex}
        chosen = {name: request.GET[name] for name in action.fields if name in request.GET}
        return _draw(request, volume, action, VolumeActionForm(initial=initial | chosen))
    form = VolumeActionForm(request.POST)
    if form.is_valid():
        try:
            begin(
                request.context,
                action.name,
                volume.pk,
                parameters={field: form.cleaned_data[field] for field in action.fields},
                idempotency_key=form.cleaned_data["key"] or None,
            )
        except MeridianError as error:
            form.refuse(error)
            return _draw(request, volume, action, form, error=error)
        name = form.cleaned_data["name"] or str(volume)
        return away(request, words.begun(action, name), reverse("volume", args=[volume.pk]))
    return _draw(request, volume, action, form, status=400)


def _draw(
    request: Request,
    volume: Volume,
    action: Action,
    form: VolumeActionForm,
    *,
    status: int = 200,
    error: MeridianError | None = None,
) -> HttpResponse:
    values: dict[str, Any] = {"volume": volume, "thing": volume, "action": action, "form": form}
    if "instance" in action.fields:
        values |= _instances(request, volume, form)
    if "snapshot" in action.fields:
        values |= _snapshots(request, volume, form)
    if "backup" in action.fields:
        values |= _backups(request, volume, form)
    if "type" in action.fields:
        values |= _types(request, volume, form)
    if "pool" in action.fields:
        values |= _pools(volume, form)
    if "size" in action.fields:
        values |= _sizes(request, volume, form, over_quota=isinstance(error, OverQuota))
    values |= {
        "intro": action.intro,
        "address": reverse("volume-action", args=[volume.pk, action.verb]),
        "back": reverse("volume", args=[volume.pk]),
        "asked": [form[name] for name in action.fields if name in form.fields],
        "submit": action.submit or action.label,
    }
    return page(request, "forms/ask.html", values, status=error.status if error else status)


def _instances(request: Request, volume: Volume, form: VolumeActionForm) -> dict[str, Any]:
    choices = attach_choices.instances_for(request.context, volume)
    form.fields["instance"].widget.choices = choices.possible
    return {"impossible": choices.impossible, "nothing_possible": not choices.possible}


def _snapshots(request: Request, volume: Volume, form: VolumeActionForm) -> dict[str, Any]:
    rows = volume_snapshots.visible_to(request.context, all_projects=True).filter(
        volume=volume, status=SnapshotState.AVAILABLE, task_state=None
    )
    choices = [
        (str(row.pk), f"{row} – {date_format(localtime(row.created_at), 'DATETIME_FORMAT')}") for row in rows
    ]
    form.fields["snapshot"].widget.choices = choices
    return {"nothing_possible": not choices}


def _backups(request: Request, volume: Volume, form: VolumeActionForm) -> dict[str, Any]:
    rows = backups.visible_to(request.context).available().filter(size_gib__lte=volume.size_gib)
    choices = [
        (str(row.pk), f"{row} – {date_format(localtime(row.taken_at), 'DATETIME_FORMAT')}")
        for row in sorted(rows[:MOST_BACKUPS], key=lambda row: row.volume_id != volume.pk)
    ]
    form.fields["backup"].widget.choices = choices
    return {"nothing_possible": not choices}


def _types(request: Request, volume: Volume, form: VolumeActionForm) -> dict[str, Any]:
    rows = volume_types.visible_to(request.context)
    form.fields["type"].widget.choices = [
        (row.name, f"{row} – {row.description}" if row.description else row.name) for row in rows
    ]
    return {"nothing_possible": len(rows) < 2}


def _pools(volume: Volume, form: VolumeActionForm) -> dict[str, Any]:
    """Offer the pools that can take the volume, and say why the others cannot."""
    choices, impossible = [], []
    for pool in volume_moves.targets(volume):
        if reason := volume_moves.refusal(volume, pool, volume.type):
            impossible.append((pool.name, reason))
        else:
            free = _("%(free)s free") % {"free": amount(pool.available_bytes // GIB, "GiB")}
            choices.append((str(pool.pk), f"{pool} – {free}"))
    form.fields["pool"].widget.choices = choices
    return {"impossible": impossible, "nothing_possible": not choices}


def _sizes(request: Request, volume: Volume, form: VolumeActionForm, *, over_quota: bool) -> dict[str, Any]:
    """Say the present size and what the quota leaves beside the field. Return the quota to ask for if it is short."""
    (usage,) = quotas.project_usage(volume.project, {volume_quota.SIZE})
    field, size = form.fields["size"], volume.size_gib
    field.widget.attrs |= {"min": size + 1} | ({"max": size + usage.left} if usage.left is not None else {})
    left = _("no limit") if usage.left is None else amount(usage.left, "GiB")
    field.help_text = _("Now %(size)s. The quota leaves %(left)s more.") % {
        "size": amount(size, "GiB"),
        "left": left,
    }
    number = quotas.whole_number(form["size"].value())
    is_own = request.context.project is not None and request.context.project.pk == volume.project_id
    if not over_quota or number is None or not is_own:
        return {}
    waiting = quota_requests.open_limits(volume.project)
    return {"offer": quota_offer.make([usage], {volume_quota.SIZE: number - size}, waiting)}
