"""`/servers/{id}/action`: Nova's actions, translated to ours. Rules, states and quotas stand in the actions."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import policy
from accounts.errors import BadInput, Conflict, NotFound
from accounts.openstack.contract import Contract, contract
from accounts.openstack.responses import accepted, no_content
from compute.api.base import ComputeView, url
from compute.api.faults import NotImplementedHere
from compute.engine.actions import registry
from compute.engine.models import Operation
from compute.images.services import images
from compute.instances.actions import begin
from compute.instances.api import server_body
from compute.instances.api.remote_consoles import screen_url
from compute.instances.api.schemas import server_actions as schemas
from compute.instances.api.server_body import Asker
from compute.instances.api.server_requests import (
    parse_reference,
    password_of,
    with_api_names,
)
from compute.instances.api.servers import ACCESS, find
from compute.instances.models import Instance
from compute.instances.services import console_views, instances, user_data
from compute.instances.states import VmState

Handler = Callable[[ComputeView, Instance, Any], HttpResponse]
"""Takes the action's value in the body, which fits the action's schema."""

LOG_BYTES = 512 * 1024
REBUILD_FIELDS = ("name", "metadata", "description", "key_name", "hostname")
"""Nova's fields that have the names of our parameters."""


def _beginning(name: str, parameter_names: tuple[str, ...] = ()) -> Handler:
    """Return the handler that begins the action with those of the body's fields that are its parameters."""

    def act(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
        fields = value if isinstance(value, dict) else {}
        parameters = {field: fields[field] for field in parameter_names if field in fields}
        begin(view.context, name, instance.pk, parameters=parameters)
        return accepted()

    return act


def _not_implemented(sentence: str) -> Handler:
    """Return the handler of an action that Nova has and we do not."""

    def act(_view: ComputeView, _instance: Instance, _value: Any) -> HttpResponse:
        raise NotImplementedHere(sentence)

    return act


def _reboot(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    name = "instance.reboot" if value["type"].upper() == "SOFT" else "instance.force_reboot"
    begin(view.context, name, instance.pk)
    return accepted()


def _lock(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    reason = (value or {}).get("locked_reason") if view.at_least(73) else None
    begin(view.context, "instance.lock", instance.pk, parameters={"reason": reason})
    return accepted()


def _rescue(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    fields = value or {}
    password = password_of(fields)
    parameters = {"image_id": parse_reference(fields.get("rescue_image_ref")), "admin_password": password}
    _begin(view, "instance.rescue", instance, parameters)
    return JsonResponse({"adminPass": password})


def _unshelve(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    fields = value if view.at_least(77) and value else {}
    _begin(view, "instance.unshelve", instance, dict(fields))
    return accepted()


def _resize(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    _begin(view, "instance.resize", instance, {"flavor_id": parse_reference(value["flavorRef"])})
    return accepted()


def _confirm(view: ComputeView, instance: Instance, _value: Any) -> HttpResponse:
    begin(view.context, "instance.confirm_resize", instance.pk)
    return no_content()


def _rebuild(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    image_id = parse_reference(value["imageRef"])
    if not image_id:
        raise BadInput(fields={"imageRef": _("Choose an image.")})
    if instance.boots_from_volume and not view.at_least(93):
        sentence = _("It boots from a volume, which gets the data of an image since version 2.93.")
        raise BadInput(fields={"imageRef": sentence})
    password = password_of(value)
    parameters: dict[str, Any] = {"image_id": image_id, "admin_password": password}
    parameters |= {name: value[name] for name in REBUILD_FIELDS if name in value}
    parameters |= {column: value[name] for name, column in ACCESS.items() if name in value}
    if "user_data" in value:
        parameters["user_data"] = user_data.from_base64(value["user_data"] or "")
    _begin(view, "instance.rebuild", instance, parameters)
    rebuilt = instances.get(view.context, instance.pk)
    if not rebuilt.boots_from_volume:
        rebuilt.image = images.get_launchable(view.context, image_id)
    server = server_body.changed(Asker.from_view(view), rebuilt) | {"adminPass": password}
    if view.at_least(54):
        server["key_name"] = rebuilt.key_name or None
    if view.at_least(57):
        server["user_data"] = rebuilt.user_data or None
    response = JsonResponse({"server": server}, status=202)
    response["Location"] = url(f"servers/{instance.pk}")
    return response


def _create_image(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    return _take_image(view, instance, {"name": value["name"], "metadata": value.get("metadata")})


def _create_backup(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    """Take an image, and keep the newest `rotation` images of its backup type."""
    parameters = {
        "name": value["name"],
        "metadata": value.get("metadata"),
        "backups": {"type": value["backup_type"], "rotation": int(value["rotation"])},
    }
    return _take_image(view, instance, parameters)


def _take_image(view: ComputeView, instance: Instance, parameters: dict[str, Any]) -> HttpResponse:
    image_id = str(uuid4())
    _begin(view, "instance.take_image", instance, parameters | {"image": image_id})
    if view.at_least(45):
        return JsonResponse({"image_id": image_id}, status=202)
    response = accepted()
    response["Location"] = f"{settings.PUBLIC_URL}/image/v2/images/{image_id}"
    return response


def _change_password(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    try:
        _begin(view, "instance.set_password", instance, {"admin_password": value["adminPass"]})
    except Conflict as error:
        if instance.vm_state == VmState.ACTIVE and instance.agent is None:
            raise Conflict("QEMU guest agent is not enabled.") from error  # the words that clients know
        raise
    return accepted()


def _console_output(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    policy.enforce(view.context, "instance:console")
    length = (value or {}).get("length")
    lines = None if length is None else int(length)
    if instance.launched_at is None and instance.vm_state == VmState.BUILDING:
        raise Conflict(_("%(name)s has not started yet.") % {"name": instance.name})
    text = console_views.read_log(view.context, instance, LOG_BYTES).text
    if lines is not None and lines >= 0:
        text = "".join(text.splitlines(keepends=True)[-lines:]) if lines else ""
    return JsonResponse({"output": text})


def _vnc_console(view: ComputeView, instance: Instance, _value: Any) -> HttpResponse:
    if view.at_least(6):
        raise NotFound
    return JsonResponse({"console": {"type": "novnc", "url": screen_url(view, instance)}})


def _reset_state(view: ComputeView, instance: Instance, value: Any) -> HttpResponse:
    begin(view.context, "instance.reset_state", instance.pk, parameters={"state": value["state"]})
    return accepted()


def _offload(view: ComputeView, instance: Instance, _value: Any) -> HttpResponse:
    policy.enforce(view.context, "instance:shelve")
    raise Conflict(_("A shelved server gives up its host at once; there is nothing left to offload."))


_HANDLERS: dict[str, Handler] = {
    "reboot": _reboot,
    "lock": _lock,
    "shelveOffload": _offload,
    "rescue": _rescue,
    "rebuild": _rebuild,
    "resize": _resize,
    "unshelve": _unshelve,
    "confirmResize": _confirm,
    "os-getConsoleOutput": _console_output,
    "os-getVNCConsole": _vnc_console,
    "os-resetState": _reset_state,
    "createImage": _create_image,
    "createBackup": _create_backup,
    "changePassword": _change_password,
    "trigger_crash_dump": _not_implemented("Crash dumps cannot be triggered."),
    "migrate": _not_implemented("There is one host only, so nothing can be migrated."),
    "os-migrateLive": _not_implemented("There is one host only, so nothing can be migrated."),
    "evacuate": _not_implemented("There is one host only, so nothing can be evacuated."),
    "addSecurityGroup": _not_implemented("There is only the security group “default”."),
    "removeSecurityGroup": _not_implemented("There is only the security group “default”."),
}


class Action(ComputeView):
    """Begin an action. The body's only key is its name, the value holds its parameters."""

    @contract(answers={200: schemas.DONE, 202: schemas.BEGUN, 204: None})
    def post(self, request: Request, key: str) -> HttpResponse:
        body = self.body()
        if len(body) != 1:
            raise BadInput(_("Name exactly one action."))
        ((name, value),) = body.items()
        if name == "restore":
            begin(self.context, "instance.restore", instances.get(self.context, key).pk)
            return accepted()
        if name == "forceDelete":
            begin(self.context, "instance.purge", instances.get(self.context, key).pk)
            return accepted()
        instance = find(self, key)
        handler = _HANDLERS.get(name) or _find_handler(name)
        if handler is None:
            raise BadInput(_("There is no such action: %(name)s.") % {"name": name[:64]})
        return handler(self, instance, value)

    @classmethod
    def contract(cls, method: str) -> Contract:
        """Return the contract, with the body made of all registered actions."""
        rules = super().contract(method)
        body = schemas.body(tuple(registry.of_noun("instance"))) if method == "post" else None
        return replace(rules, body=body)


def _find_handler(name: str) -> Handler | None:
    """Return the handler of the action with this API name, whose fields are its parameters; None if there is none."""
    for action in registry.of_noun("instance"):
        if action.api_name == name:
            return _beginning(action.name, action.fields)
    return None


def _begin(view: ComputeView, name: str, instance: Instance, parameters: dict[str, Any]) -> Operation | None:
    """Begin the action. Raise BadInput with the API's names of fields."""
    try:
        return begin(view.context, name, instance.pk, parameters=parameters)
    except BadInput as error:
        raise with_api_names(error) from error
