"""Create a volume on one page. The server renders quota bars and the command again after every change."""

import secrets
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts import policy
from accounts.errors import MeridianError, OverQuota
from compute.hosts.services import aggregates
from compute.images.services import images
from compute.volumes.actions.create import create
from compute.volumes.models import Volume
from compute.volumes.services import (
    backups,
    volume_lists,
    volume_request,
    volume_snapshots,
    volume_types,
    volumes,
)
from compute.volumes.services.volume_request import VolumeRequest
from compute.volumes.states import SnapshotState
from portal import volume_plan
from portal.forms import Form, description_field
from portal.pages.launch import ANIMALS
from portal.requests import Request, away, page
from portal.templatetags.cloud import amount

EMPTY, IMAGE, VOLUME, SNAPSHOT, BACKUP = "empty", "image", "volume", "snapshot", "backup"
USUAL_GIB = "10"
MOST_SOURCES = 200


class CreateForm(Form):
    """Parses only; `compute.volumes.actions.create` validates each field."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=255)
    size = forms.CharField(label=gettext_lazy("Size (GiB)"), required=False, max_length=12)
    source = forms.CharField(required=False, max_length=12)
    image_id = forms.CharField(label=gettext_lazy("Image"), required=False)
    source_volume_id = forms.CharField(label=gettext_lazy("Volume"), required=False)
    snapshot_id = forms.CharField(label=gettext_lazy("Snapshot"), required=False)
    backup_id = forms.CharField(label=gettext_lazy("Backup"), required=False)
    type = forms.CharField(label=gettext_lazy("Type"), required=False)
    zone = forms.CharField(label=gettext_lazy("Availability zone"), required=False)
    description = description_field()

    def clean(self) -> dict[str, Any]:
        """Refuse a source that is only half chosen, which would be an empty volume."""
        data = super().clean() or {}
        for source, name, sentence in (
            (IMAGE, "image_id", _("Choose an image.")),
            (VOLUME, "source_volume_id", _("Choose a volume.")),
            (SNAPSHOT, "snapshot_id", _("Choose a snapshot.")),
            (BACKUP, "backup_id", _("Choose a backup.")),
        ):
            if data.get("source") == source and not data.get(name):
                self.add_error(name, sentence)
        return data

    def volume_request(self) -> VolumeRequest:
        """Return the request as typed; only the chosen kind of source counts."""
        data, source = self.cleaned_data, self.cleaned_data.get("source")
        return VolumeRequest(
            name=data.get("name", ""),
            description=data.get("description", ""),
            size=data.get("size") or None,
            type=data.get("type", ""),
            zone=data.get("zone", ""),
            image_id=data.get("image_id", "") if source == IMAGE else "",
            source_volume_id=data.get("source_volume_id", "") if source == VOLUME else "",
            snapshot_id=data.get("snapshot_id", "") if source == SNAPSHOT else "",
            backup_id=data.get("backup_id", "") if source == BACKUP else "",
        )


def new(request: Request) -> HttpResponse:
    """Show the form, or create the volume. A refused form keeps every value."""
    policy.enforce(request.context, "volume:create")
    if request.method != "POST":
        # Bound, so that the preview of what is suggested is that of what is sent.
        form = CreateForm(_suggestion(request))
        form.is_valid()
        return page(request, "volume_create/create.html", _values(request, form))
    form, status, over_quota = CreateForm(request.POST), 400, False
    if form.is_valid():
        try:
            volume = create(request.context, form.volume_request())
        except MeridianError as error:
            form.refuse(error)
            status, over_quota = error.status, isinstance(error, OverQuota)
        else:
            return away(
                request,
                _("%(name)s is being created.") % {"name": volume},
                reverse("volume", args=[volume.pk]),
            )
    values = _values(request, form) | {"over_quota": over_quota}
    return page(request, "volume_create/create.html", values, status=status)


@require_POST
def preview(request: Request) -> HttpResponse:
    """Show the quota, the least size and the command for the present choices."""
    policy.enforce(request.context, "volume:create")
    form = CreateForm(request.POST)
    form.is_valid()
    return page(request, "volume_create/preview.html", _values(request, form))


def _values(request: Request, form: CreateForm) -> dict[str, Any]:
    """Return the values of the page and its preview for the present choices."""
    context, asking = request.context, form.volume_request()
    plan = volume_plan.make(context, asking)
    chosen = {name: str(form[name].value() or "") for name in form.fields}
    sources = volume_lists.page(context, state="available", sort="name", size=MOST_SOURCES)
    return {
        "form": form,
        "chosen": chosen,
        "images": [
            (str(image.pk), f"{image.name} – {_least(volume_request.least_gib(image))}")
            for image in images.list_launchable(context)
        ],
        "sources": [(str(row.pk), f"{row} – {_least(row.size_gib)}") for row in sources],
        "snapshots": [
            (str(row.pk), f"{row} ({row.volume}) – {_least(row.size_gib)}")
            for row in volume_snapshots.visible_to(context).filter(
                status=SnapshotState.AVAILABLE, task_state=None
            )[:MOST_SOURCES]
        ],
        "backups": [
            (str(row.pk), f"{row} – {_least(row.size_gib)}")
            for row in backups.visible_to(context).available()[:MOST_SOURCES]
        ],
        "types": list(volume_types.visible_to(context)),
        "zones": list(aggregates.zones()),
        "plan": plan,
        "command": volume_plan.shell_command(asking, size_gib=plan.size_gib),
    }


def _least(size_gib: int) -> str:
    return _("at least %(size)s") % {"size": amount(size_gib, "GiB")}


def _suggestion(request: Request) -> dict[str, str]:
    """Return initial values: those of the volume or of the source in the address, else an empty volume."""
    query = request.GET
    values = {
        "name": f"data-{secrets.choice(ANIMALS)}",
        "size": USUAL_GIB,
        "source": EMPTY,
        "type": volume_types.default().name,
    }
    if key := query.get("like", ""):
        return values | _values_of_volume(volumes.get(request.context, key))
    if key := _id(query.get("image", "")):
        return values | {"source": IMAGE, "image_id": key, "size": ""}
    if key := _id(query.get("volume", "")):
        return values | {"source": VOLUME, "source_volume_id": key, "size": ""}
    if key := _id(query.get("snapshot", "")):
        return values | {"source": SNAPSHOT, "snapshot_id": key, "size": ""}
    if key := _id(query.get("backup", "")):
        return values | {"source": BACKUP, "backup_id": key, "size": ""}
    return values


def _id(text: str) -> str:
    """Return an id as the page's choices have it; empty if the text is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _values_of_volume(volume: Volume) -> dict[str, str]:
    """Return the values of a volume, to create another like it."""
    values = {
        "name": volume.name,
        "size": str(volume.size_gib),
        "type": volume.type.name,
        "zone": volume.requested_zone,
        "description": volume.description,
    }
    if volume.image_id:
        return values | {"source": IMAGE, "image_id": str(volume.image_id)}
    if volume.source_volume_id:
        return values | {"source": VOLUME, "source_volume_id": str(volume.source_volume_id)}
    return values


urlpatterns = [
    path("volumes/create/", new, name="volume-create"),
    path("volumes/create/preview/", preview, name="volume-create-preview"),
]
