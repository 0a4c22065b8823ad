"""Launch on one page. The server renders sizes, quota bars and the command again after every change."""

import secrets
import uuid
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts import policy
from accounts.context import Context
from accounts.errors import MeridianError, OverQuota
from accounts.services import quotas
from compute.hosts.services import aggregates
from compute.images.models import Image
from compute.images.services import images
from compute.instances.actions.launch import launch
from compute.instances.models import Flavor, Instance
from compute.instances.services import (
    block_devices,
    flavors,
    instances,
    keypairs,
    server_groups,
    user_data,
)
from compute.instances.services.launch_request import MOST_AT_ONCE, LaunchRequest
from portal import launch_plan, launch_source
from portal.forms import Form, Pairs
from portal.launch_source import BACKUP, IMAGE, SNAPSHOT, VOLUME
from portal.requests import Request, away, page

CALM = (
    "amber",
    "brave",
    "calm",
    "clever",
    "coral",
    "gentle",
    "keen",
    "lunar",
    "mellow",
    "quiet",
    "swift",
    "vivid",
)
ANIMALS = (
    "badger",
    "crane",
    "falcon",
    "finch",
    "heron",
    "ibex",
    "lynx",
    "marten",
    "otter",
    "puffin",
    "tern",
    "wren",
)


class Launch(Form):
    """Parses only; `compute.instances.actions.launch` validates each field."""

    name = forms.CharField(label=_("Name"), required=False, max_length=255)
    source = forms.CharField(required=False, max_length=12)
    image_id = forms.CharField(required=False)
    on_volume = forms.BooleanField(required=False)
    volume_size = forms.CharField(label=_("Size of the volume (GiB)"), required=False, max_length=12)
    volume_id = forms.CharField(label=_("Volume"), required=False)
    snapshot_id = forms.CharField(label=_("Snapshot"), required=False)
    backup_id = forms.CharField(label=_("Backup"), required=False)
    flavor_id = forms.CharField(required=False)
    count = forms.CharField(label=_("Count"), required=False, max_length=12)
    key_from = forms.ChoiceField(
        required=False, choices=[(name, name) for name in ("none", "saved", "pasted")]
    )
    keypair_name = forms.CharField(label=_("Saved key"), required=False)
    public_key = forms.CharField(label=_("Public key"), required=False, widget=forms.Textarea)
    user_data = forms.CharField(label=_("User data"), required=False, strip=False, widget=forms.Textarea)
    user_data_of = forms.CharField(required=False, max_length=64)
    """The instance whose user data, which are no text, count unless other ones are typed."""
    server_group_id = forms.CharField(label=_("Server group"), required=False)
    availability_zone = forms.CharField(label=_("Availability zone"), required=False)
    description = forms.CharField(label=_("Description"), required=False, max_length=255)
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=4096, help_text=_("Separate tags with commas.")
    )
    metadata = Pairs(
        label=_("Metadata"), help_text=_("Lines of key=value, which the guest can read too."), rows=3
    )
    key = forms.CharField(required=False, max_length=64)

    def launch_request(self, context: Context) -> LaunchRequest:
        """Return the request as typed; only the chosen kind of key counts. Raise NotFound."""
        data = self.cleaned_data
        key_from = data.get("key_from") or "none"
        devices = launch_source.device(data)
        return LaunchRequest(
            name=data.get("name", ""),
            flavor_id=data.get("flavor_id", ""),
            image_id="" if devices else data.get("image_id", ""),
            block_devices=devices,
            count=data.get("count") or "1",
            keypair_name=data.get("keypair_name", "") if key_from == "saved" else "",
            public_key=data.get("public_key", "") if key_from == "pasted" else "",
            user_data=data.get("user_data") or self._copied_user_data(context),
            server_group_id=data.get("server_group_id", ""),
            availability_zone=data.get("availability_zone", ""),
            description=data.get("description", ""),
            tags=data.get("tags", "").replace(",", " ").split(),
            metadata=data.get("metadata", {}),
        )

    def refuse(self, error: MeridianError) -> None:
        """Show what is wrong with the volume at the field that chose it."""
        if (text := error.fields.pop(block_devices.FIELD, None)) is not None:
            kind = self.cleaned_data.get("source")
            error.fields[f"{kind}_id" if kind in {VOLUME, SNAPSHOT, BACKUP} else "volume_size"] = text
        super().refuse(error)

    def _copied_user_data(self, context: Context) -> bytes:
        instance_id = self.cleaned_data.get("user_data_of")
        return user_data.content(instances.get(context, instance_id)) if instance_id else b""


def new(request: Request) -> HttpResponse:
    """Show the form, or launch. A refused form keeps every value."""
    policy.enforce(request.context, "instance:launch")
    if request.method != "POST":
        return _draw(request, Launch(initial=_suggestion(request) | _values_of_instance(request)))
    form = Launch(request.POST)
    if form.is_valid():
        try:
            created = launch(
                request.context, form.launch_request(request.context), form.cleaned_data["key"] or None
            )
        except MeridianError as error:
            form.refuse(error)
            return _draw(request, form, status=error.status, over_quota=isinstance(error, OverQuota))
        message = ngettext("%(name)s is being built.", "%(n)s instances are being built.", len(created))
        return away(request, message % {"name": created[0].name, "n": len(created)}, reverse("instances"))
    return _draw(request, form, status=400)


@require_POST
def preview(request: Request) -> HttpResponse:
    """Show the sizes that fit, the quota and the command for the present choices."""
    policy.enforce(request.context, "instance:launch")
    form = Launch(request.POST)
    form.is_valid()
    return page(request, "launch/preview.html", _values(request, form))


def _draw(request: Request, form: Launch, *, status: int = 200, over_quota: bool = False) -> HttpResponse:
    values = _values(request, form) | {
        "keypairs": keypairs.listing(request.context),
        "over_quota": over_quota,
    }
    return page(request, "launch/launch.html", values, status=status)


def _values(request: Request, form: Launch) -> dict[str, Any]:
    """Return the values of the page and its preview for the present choices."""
    known_images, known_flavors = images.list_bootable(request.context), flavors.listing(request.context)
    values = {name: str(form[name].value() or "") for name in form.fields}
    image = next((image for image in known_images if str(image.pk) == values["image_id"]), None)
    flavor = next((flavor for flavor in known_flavors if flavor.pk == values["flavor_id"]), None)
    number = quotas.whole_number(values["count"] or "1")
    is_count = number is not None and 1 <= number <= MOST_AT_ONCE
    count = max(1, min(number or 1, MOST_AT_ONCE))
    offered = launch_source.choices(request.context)
    source = launch_source.chosen(offered, image, values)
    plan = launch_plan.make(request.context.project, source, flavor, known_flavors, count)
    command = launch_plan.shell_command(
        values["name"],
        source,
        flavor,
        count,
        key_name=values["keypair_name"] if values["key_from"] == "saved" else "",
        user_data=bool(values["user_data"].strip() or values["user_data_of"]),
        server_group=values["server_group_id"],
        zone=values["availability_zone"],
        description=values["description"].strip(),
        tags=values["tags"].replace(",", " ").split(),
        metadata=Pairs.pairs(values["metadata"]),
    )
    groups = list(server_groups.visible_to(request.context))
    return {
        "form": form,
        "chosen": values,
        "server_groups": groups,
        "server_group": next((group for group in groups if str(group.pk) == values["server_group_id"]), None),
        "zones": list(aggregates.zones()),
        "images": known_images,
        "offered": offered,
        "source": source,
        "flavor": flavor,
        "count": count,
        "most": MOST_AT_ONCE,
        "count_error": "" if is_count else _("From 1 to %(most)s at once.") % {"most": MOST_AT_ONCE},
        "user_data_error": user_data.problem(values["user_data"]),
        "plan": plan,
        "command": command,
    }


def _suggestion(request: Request) -> dict[str, str]:
    """Return initial values: a name, the image of the address or the first, the smallest size, the newest key."""
    available: list[Image] = images.list_bootable(request.context)
    image_id = request.GET.get("image", "")
    image = next(
        (image for image in available if str(image.pk) == image_id), available[0] if available else None
    )
    keys = keypairs.listing(request.context)
    sizes: list[Flavor] = flavors.listing(request.context)
    kind = next((kind for kind in (VOLUME, SNAPSHOT, BACKUP) if kind in request.GET), IMAGE)
    named = {"source": kind, f"{kind}_id": request.GET.get(kind, "")}
    source = launch_source.chosen(launch_source.choices(request.context), image, named)
    plan = launch_plan.make(request.context.project, source, None, sizes, 1)
    flavor_id = next((size.flavor.pk for size in plan.sizes if not size.reason), "")
    return {
        "name": f"{secrets.choice(CALM)}-{secrets.choice(ANIMALS)}",
        **named,
        "image_id": str(image.pk) if image else "",
        "flavor_id": flavor_id,
        "count": "1",
        "key_from": "saved" if keys else "none",
        "keypair_name": max(keys, key=lambda key: key.created_at).name if keys else "",
        "key": uuid.uuid4().hex,
    }


def _values_of_instance(request: Request) -> dict[str, Any]:
    """Return the values of the instance in the address, to launch another like it."""
    if not (instance_id := request.GET.get("like", "")):
        return {}
    instance = instances.get(request.context, instance_id)
    values: dict[str, Any] = {
        "name": instance.name,
        "description": instance.description,
        "tags": " ".join(instance.tags),
        "metadata": instance.metadata,
        **_user_data_of(instance),
        "server_group_id": str(instance.server_group_id or ""),
        "availability_zone": instance.requested_zone,
    }
    if instance.image_id:
        values["image_id"] = str(instance.image_id)
    if instance.flavor_id:
        values["flavor_id"] = instance.flavor_id
    if not instance.public_key:
        return values | {"key_from": "none"}
    saved = {keypair.name: keypair.public_key for keypair in keypairs.listing(request.context)}
    if saved.get(instance.key_name) == instance.public_key:
        return values | {"key_from": "saved", "keypair_name": instance.key_name}
    return values | {"key_from": "pasted", "public_key": instance.public_key}


def _user_data_of(instance: Instance) -> dict[str, str]:
    """Return the form's values for the same user data: typed if they are text, else copied as they are."""
    text = user_data.text(instance)
    return {"user_data_of": str(instance.pk)} if text is None else {"user_data": text}
