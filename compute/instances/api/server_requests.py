"""What a client asks for when it creates a server, in the words of `LaunchRequest`."""

import base64
import binascii
import secrets
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.services import inputs, quotas
from compute.api.base import ComputeView
from compute.instances.services.launch_request import LaunchRequest

FIELDS = {
    "flavor_id": "flavorRef",
    "image_id": "imageRef",
    "keypair_name": "key_name",
    "count": "max_count",
    "access_ipv4": "accessIPv4",
    "access_ipv6": "accessIPv6",
    "server_group_id": "group",
}
"""Ours → Nova's, so that an error names what was sent."""

PASSWORD_BYTES = 9


HINTS = ("os:scheduler_hints", "OS-SCH-HNT:scheduler_hints")
"""Where the body of a request may hold hints, beside the server."""


def launch_request(view: ComputeView, body: dict[str, Any]) -> LaunchRequest:
    """Raises BadInput naming what is wrong or not supported."""
    given, hints = inputs.mapping(body, "server"), _hints(body)
    _enforce_supported(view, given)
    return LaunchRequest(
        name=given.get("name"),
        flavor_id=reference(given.get("flavorRef")),
        image_id=reference(image_of(given)),
        count=_count(given),
        keypair_name=given.get("key_name") or "",
        user_data=decoded(given.get("user_data")),
        networks=_networks(view, given),
        description=(given.get("description") or "") if view.at_least(19) else "",
        metadata=given.get("metadata"),
        tags=given.get("tags") if view.at_least(52) else None,
        access_ipv4=given.get("accessIPv4"),
        access_ipv6=given.get("accessIPv6"),
        admin_password=password_of(given),
        server_group_id=hints.get("group"),
        availability_zone=given.get("availability_zone"),
        same_host=hints.get("same_host"),
        different_host=hints.get("different_host"),
    )


def in_their_words(error: BadInput) -> BadInput:
    """The same error with the names of fields as the client knows them."""
    fields = {FIELDS.get(name, name): text for name, text in error.fields.items()}
    return BadInput(error.text, fields=fields)


def reference(given: object) -> object:
    """An id, which may come as the last part of an address."""
    return given.rstrip("/").rpartition("/")[2] if isinstance(given, str) else given


def password_of(given: dict[str, Any]) -> str:
    """The password for the guest: the given one, else a new one."""
    password = given.get("adminPass")
    if password is None or password == "":
        return secrets.token_urlsafe(PASSWORD_BYTES)
    if not isinstance(password, str) or len(password) > 255 or not password.isprintable():
        raise BadInput(fields={"adminPass": _("Give a password of at most 255 characters.")})
    return password


def decoded(user_data: object) -> str:
    """Text from base64."""
    if user_data is None or user_data == "":
        return ""
    try:
        return base64.b64decode(str(user_data), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise BadInput(fields={"user_data": _("Give text in base64.")}) from error


def image_of(given: dict[str, Any]) -> object:
    """The image: `imageRef`, or the one boot device, which is a local disk from an image.

    Clients send the device beside the reference.
    """
    image = given.get("imageRef")
    for device in given.get("block_device_mapping_v2") or []:
        local = (
            isinstance(device, dict)
            and device.get("source_type") == "image"
            and device.get("destination_type", "local") == "local"
            and str(device.get("boot_index", "0")) == "0"
        )
        if not local or (image and device.get("uuid") != image):
            raise BadInput(
                fields={"block_device_mapping_v2": _("There are no volumes yet; boot from an image.")}
            )
        image = device.get("uuid")
    return image


def _enforce_supported(view: ComputeView, given: dict[str, Any]) -> None:
    """Raise BadInput for wishes that would be passed over in silence otherwise."""
    for name in ("block_device_mapping", "personality", "trusted_image_certificates"):
        if given.get(name):
            raise BadInput(fields={name: _("This is not supported.")})
    groups = given.get("security_groups") or []
    if not isinstance(groups, list) or any(
        not isinstance(group, dict) or group.get("name") != "default" for group in groups
    ):
        raise BadInput(fields={"security_groups": _("There is only the security group “default”.")})
    if given.get("OS-DCF:diskConfig", "MANUAL") not in {"MANUAL", "AUTO"}:
        raise BadInput(fields={"OS-DCF:diskConfig": _("Say MANUAL or AUTO.")})


def _hints(body: dict[str, Any]) -> dict[str, Any]:
    """The hints for the scheduler; those that it does not know are passed over, as in Nova."""
    name = next((name for name in HINTS if body.get(name) is not None), None)
    return inputs.mapping(body, name) if name else {}


def _count(given: dict[str, Any]) -> int:
    least = quotas.whole_number(given.get("min_count") or 1)
    most = quotas.whole_number(given.get("max_count") or least)
    for name, number in {"min_count": least, "max_count": most}.items():
        if number is None or number < 1:
            raise BadInput(fields={name: _("Give a whole number from 1.")})
    if (least or 1) > (most or 1):
        raise BadInput(fields={"min_count": _("It must not be more than max_count.")})
    return most or 1


def _networks(view: ComputeView, given: dict[str, Any]) -> list[object] | None:
    """Ids of networks; None for the default one."""
    wish = given.get("networks")
    if view.at_least(37):
        if wish is None:
            raise BadInput(fields={"networks": _("Say auto, none, or give a list of networks.")})
        if wish in {"auto", "none"} if isinstance(wish, str) else False:
            return None if wish == "auto" else []
    if wish is None or wish == []:
        return None
    if not isinstance(wish, list) or not all(isinstance(each, dict) for each in wish):
        raise BadInput(fields={"networks": _("Give a list of networks.")})
    for each in wish:
        if each.get("port") or each.get("fixed_ip") or each.get("tag"):
            raise BadInput(
                fields={"networks": _("Name networks by uuid; ports and fixed addresses come later.")}
            )
    return [each.get("uuid") for each in wish]
