"""What a client asks for when it creates a server, in the words of `LaunchRequest`."""

import base64
import binascii
import secrets
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import BadInput
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


def launch_request(body: dict[str, Any]) -> LaunchRequest:
    """Return the request of a body that fits its schema. Raise BadInput naming what is wrong."""
    given, hints = body["server"], _hints(body)
    return LaunchRequest(
        name=given["name"],
        flavor_id=reference(given["flavorRef"]),
        image_id=reference(image_of(given)),
        count=_count(given),
        keypair_name=given.get("key_name") or "",
        user_data=decoded(given.get("user_data")),
        networks=_networks(given.get("networks")),
        description=given.get("description") or "",
        metadata=given.get("metadata"),
        tags=given.get("tags"),
        access_ipv4=given.get("accessIPv4"),
        access_ipv6=given.get("accessIPv6"),
        admin_password=password_of(given),
        server_group_id=hints.get("group"),
        availability_zone=given.get("availability_zone"),
        same_host=hints.get("same_host"),
        different_host=hints.get("different_host"),
    )


def in_their_words(error: BadInput) -> BadInput:
    """Return the same error with the client's names of fields."""
    fields = {FIELDS.get(name, name): text for name, text in error.fields.items()}
    return BadInput(error.text, fields=fields)


def reference(given: object) -> object:
    """Return an id, which may come as a number or as the last part of an address."""
    given = str(given) if isinstance(given, int) else given
    return given.rstrip("/").rpartition("/")[2] if isinstance(given, str) else given


def password_of(given: dict[str, Any]) -> str:
    """Return the password for the guest: the given one, else a new one."""
    password = given.get("adminPass")
    if password is None or password == "":
        return secrets.token_urlsafe(PASSWORD_BYTES)
    if not isinstance(password, str) or len(password) > 255 or not password.isprintable():
        raise BadInput(fields={"adminPass": _("Give a password of at most 255 characters.")})
    return password


def decoded(user_data: object) -> str:
    """Return the text of base64."""
    if user_data is None or user_data == "":
        return ""
    try:
        return base64.b64decode(str(user_data), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise BadInput(fields={"user_data": _("Give text in base64.")}) from error


def image_of(given: dict[str, Any]) -> object:
    """Return `imageRef`, or the image of the only boot device, a local disk.

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


def _hints(body: dict[str, Any]) -> dict[str, Any]:
    """Return the hints for the scheduler; those that it does not know are ignored, as in Nova."""
    for name in HINTS:
        if body.get(name) is not None:
            return dict(body[name])
    return {}


def _count(given: dict[str, Any]) -> int:
    least = int(given.get("min_count") or 1)
    most = int(given.get("max_count") or least)
    if least > most:
        raise BadInput(fields={"min_count": _("It must not be more than max_count.")})
    return most


def _networks(wish: str | list[dict[str, Any]] | None) -> list[object] | None:
    """Return ids of networks; None for the default one."""
    if not wish or wish == "auto":
        return None
    if isinstance(wish, str):
        return []
    return [each.get("uuid") for each in wish]
