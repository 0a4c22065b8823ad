"""`/volumes/{id}/action`: Cinder's actions, translated to ours. Rules, states and quotas stand in the actions."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts import policy
from accounts.openstack.contract import contract
from accounts.openstack.responses import accepted, done
from accounts.openstack.times import without_zone
from compute.volumes.api import volume_types
from compute.volumes.api.base import VolumeView
from compute.volumes.api.schemas import volume_actions as bodies
from compute.volumes.models import Volume
from compute.volumes.services import volumes

Handler = Callable[[VolumeView, Volume, Any], HttpResponse]
"""Takes the action's value in the body, which fits the action's schema."""


def _beginning(verb: str, names: dict[str, str] | None = None, *, status: int = 202) -> Handler:
    """Return the handler that begins a verb. `names` are the body's names of its parameters."""

    def act(view: VolumeView, volume: Volume, value: Any) -> HttpResponse:
        fields = value or {}
        parameters = {ours: fields[theirs] for ours, theirs in (names or {}).items() if theirs in fields}
        volumes.act(view.context, volume.pk, verb, parameters)
        return accepted() if status == 202 else done()

    return act


def _detach(view: VolumeView, volume: Volume, _value: Any) -> HttpResponse:
    """Detach. What no instance has is detached already, as Cinder sees it."""
    policy.enforce(view.context, "volume:detach")
    if volume.attachment is not None:
        volumes.act(view.context, volume.pk, "detach")
    return accepted()


def _revert(view: VolumeView, volume: Volume, value: Any) -> HttpResponse:
    """Revert to a snapshot, since 3.40. As in Cinder, what the volume had is not kept."""
    parameters = {"snapshot": value["snapshot_id"], "keep": False}
    volumes.act(view.context, volume.pk, "revert", parameters)
    return accepted()


def _upload(view: VolumeView, volume: Volume, value: Any) -> HttpResponse:
    """Make an image of the volume."""
    names = ("disk_format", "container_format", "visibility", "protected")
    parameters = {name: value[name] for name in names if value.get(name) is not None}
    operation = volumes.act(view.context, volume.pk, "upload", parameters | {"name": value["image_name"]})
    changed = volumes.get(view.context, volume.pk)
    body: dict[str, Any] = {
        "id": str(volume.pk),
        "updated_at": without_zone(changed.updated_at),
        "status": changed.shown_status,
        "display_description": changed.description or None,
        "size": changed.size_gib,
        "volume_type": volume_types.show(changed.type),
        "image_id": operation.parameters["image"] if operation else None,
        "container_format": value.get("container_format") or "bare",
        "disk_format": value.get("disk_format") or "qcow2",
        "image_name": value["image_name"],
    }
    if view.at_least(1):
        body |= {
            "visibility": value.get("visibility") or "private",
            "protected": bool(value.get("protected")),
        }
    return JsonResponse({"os-volume_upload_image": body}, status=202)


def _unset_image_metadata(view: VolumeView, volume: Volume, value: Any) -> HttpResponse:
    volumes.act(view.context, volume.pk, "set_image_metadata", {"without": [value["key"]]})
    return done()


def _set_image_metadata(view: VolumeView, volume: Volume, value: Any) -> HttpResponse:
    volumes.act(view.context, volume.pk, "set_image_metadata", {"more": value["metadata"]})
    return JsonResponse({"metadata": volumes.get(view.context, volume.pk).image_metadata})


def _show_image_metadata(_view: VolumeView, volume: Volume, _value: Any) -> HttpResponse:
    return JsonResponse({"metadata": volume.image_metadata})


def _retype(view: VolumeView, volume: Volume, value: Any) -> HttpResponse:
    """Change the type; the volume moves to another pool only with the policy `on-demand`."""
    parameters = {"type": value["new_type"], "migrate": value.get("migration_policy") == "on-demand"}
    volumes.act(view.context, volume.pk, "retype", parameters)
    return accepted()


ACTIONS: dict[str, Handler] = {
    "os-extend": _beginning("extend", {"size": "new_size"}),
    "os-set_bootable": _beginning("update", {"bootable": "bootable"}, status=200),
    "os-update_readonly_flag": _beginning("set_read_only", {"read_only": "readonly"}),
    "os-reset_status": _beginning("reset_status", {"status": "status"}),
    "os-force_delete": _beginning("force_delete"),
    "os-attach": _beginning("attach", {"instance": "instance_uuid", "device": "mountpoint"}),
    "os-detach": _detach,
    "os-force_detach": _beginning("force_detach"),
    "revert": _revert,
    "os-volume_upload_image": _upload,
    "os-retype": _retype,
    "os-migrate_volume": _beginning("move", {"pool": "host"}),
    "os-reserve": _beginning("reserve"),
    "os-unreserve": _beginning("unreserve"),
    "os-set_image_metadata": _set_image_metadata,
    "os-unset_image_metadata": _unset_image_metadata,
    "os-show_image_metadata": _show_image_metadata,
}


class Action(VolumeView):
    @contract(body=bodies.BODY, answers={200: bodies.ANSWER, 202: bodies.ANSWER})
    def post(self, request: Request, key: str) -> HttpResponse:
        ((name, value),) = self.body().items()
        return ACTIONS[name](self, volumes.get(self.context, key), value)
