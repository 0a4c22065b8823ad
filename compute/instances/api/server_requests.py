"""Requests to create servers, parsed into `LaunchRequest`."""

import secrets
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from compute.instances.api import block_device_mapping
from compute.instances.services import user_data
from compute.instances.services.launch_request import LaunchRequest

FIELDS = {
    "flavor_id": "flavorRef",
    "image_id": "imageRef",
    "block_devices": "block_device_mapping_v2",
    "keypair_name": "key_name",
    "count": "max_count",
    "access_ipv4": "accessIPv4",
    "access_ipv6": "accessIPv6",
    "server_group_id": "group",
}
"""Our field → Nova's field, so that errors name the fields of the request."""

PASSWORD_BYTES = 9

HINTS = ("os:scheduler_hints", "OS-SCH-HNT:scheduler_hints")
"""Keys of the scheduler hints in the body, beside the server."""


def launch_request(body: dict[str, Any]) -> LaunchRequest:
    """Return the launch request of a valid body. Raise BadInput naming the wrong field."""
    server, hints = body["server"], _scheduler_hints(body)
    mapping = block_device_mapping.read(server)
    return LaunchRequest(
        name=server["name"],
        flavor_id=parse_reference(server["flavorRef"]),
        image_id=parse_reference(mapping.image_id),
        block_devices=mapping.devices,
        count=_server_count(server),
        keypair_name=server.get("key_name") or "",
        user_data=user_data.from_base64(server.get("user_data") or ""),
        networks=_networks(server.get("networks")),
        description=server.get("description") or "",
        metadata=server.get("metadata"),
        tags=server.get("tags"),
        access_ipv4=server.get("accessIPv4"),
        access_ipv6=server.get("accessIPv6"),
        hostname=server.get("hostname"),
        admin_password=password_of(server),
        server_group_id=hints.get("group"),
        availability_zone=server.get("availability_zone"),
        host=_host(server),
        same_host=hints.get("same_host"),
        different_host=hints.get("different_host"),
    )


def with_api_names(error: BadInput) -> BadInput:
    """Return the same error with the API's names of fields."""
    fields = {FIELDS.get(name, name): text for name, text in error.fields.items()}
    return BadInput(error.text, fields=fields)


def parse_reference(reference: object) -> object:
    """Return the id of a reference, which is a number, an id, or an address that ends in it."""
    text = str(reference) if isinstance(reference, int) else reference
    return text.rstrip("/").rpartition("/")[2] if isinstance(text, str) else text


def password_of(server: dict[str, Any]) -> str:
    """Return the password in the body, else a new one. Raise BadInput."""
    password = server.get("adminPass")
    if password is None or password == "":
        return secrets.token_urlsafe(PASSWORD_BYTES)
    if not isinstance(password, str) or len(password) > 255 or not password.isprintable():
        raise BadInput(fields={"adminPass": _("Give a password of at most 255 characters.")})
    return password


def _host(server: dict[str, Any]) -> object:
    """Return the host on which to place the server; None for any. Raise BadInput if two are named."""
    names = {server[name] for name in ("host", "hypervisor_hostname") if name in server}
    if len(names) > 1:
        raise BadInput(
            fields={"hypervisor_hostname": _("A host and its hypervisor have the same name here.")}
        )
    return names.pop() if names else None


def _scheduler_hints(body: dict[str, Any]) -> dict[str, Any]:
    """Return the scheduler hints of the body; unknown hints are ignored, as in Nova."""
    for name in HINTS:
        if body.get(name) is not None:
            return dict(body[name])
    return {}


def _server_count(server: dict[str, Any]) -> int:
    least = int(server.get("min_count") or 1)
    most = int(server.get("max_count") or least)
    if least > most:
        raise BadInput(fields={"min_count": _("It must not be more than max_count.")})
    return most


def _networks(networks: str | list[dict[str, Any]] | None) -> list[object] | None:
    """Return the ids of the networks; None for the default network."""
    if not networks or networks == "auto":
        return None
    if isinstance(networks, str):
        return []
    return [each.get("uuid") for each in networks]
