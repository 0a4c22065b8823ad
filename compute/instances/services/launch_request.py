"""Launch requests of people and clients, and their check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.names import clean_name
from accounts.services import inputs, quotas
from compute.images.models import Image
from compute.images.services import images
from compute.instances.models import Flavor, ServerGroup
from compute.instances.services import (
    block_devices,
    flavors,
    hardware,
    keypairs,
    labels,
    placement,
    server_groups,
    user_data,
    volume_images,
)
from compute.instances.services.block_devices import CheckedDevice
from compute.networks.models import Network
from compute.networks.services import networks

MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """An unchecked launch request. Texts are as typed; `user_data` may be bytes too."""

    name: object
    flavor_id: object
    image_id: object
    count: object = 1
    keypair_name: object = ""
    public_key: object = ""
    user_data: object = b""
    networks: object = None
    """Ids of networks, each for one port; None for one port on the project's default network."""
    description: object = ""
    metadata: object = None
    tags: object = None
    access_ipv4: object = None
    access_ipv6: object = None
    hostname: object = None
    """Of one instance; None for one that follows from its name."""
    admin_password: str = ""
    server_group_id: object = None
    availability_zone: object = None
    """`zone`, or from administrators `zone:host`."""
    host: object = None
    """The name of a host, from administrators."""
    block_devices: object = ()
    """Volumes to attach or to make, as a list of `BlockDevice`. Without an image, the instance boots from one of them."""
    same_host: object = None
    different_host: object = None
    """Ids of instances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRequest:
    names: list[str]
    flavor: Flavor
    image: Image | None
    """None for an instance that boots from a volume."""
    hardware: dict[str, dict[str, str]]
    devices: list[CheckedDevice]
    key_name: str
    public_key: str
    user_data: str
    networks: list[Network]
    description: str
    labels: dict[str, Any]
    server_group: ServerGroup | None
    placement: dict[str, Any]


def check(context: Context, request: LaunchRequest) -> CheckedRequest:
    """Return the checked request. Raise BadInput naming every wrong field at once, or Forbidden, OverQuota."""
    wrong: dict[str, Any] = {}

    def checked(field: str, check: Any, *arguments: object) -> Any:
        try:
            return check(*arguments)
        except BadInput as error:
            wrong[field] = error.fields.get(field) or next(iter(error.fields.values()), error.text)
        except NotFound as error:
            wrong[field] = error.text
        return None

    flavor = checked("flavor_id", flavors.get, context, request.flavor_id)
    count = quotas.whole_number(request.count) or 0
    wishes, image_id = request.block_devices, request.image_id
    image: Image | None = None
    if image_id and not wishes:
        image = checked("image_id", images.get_bootable, context, image_id)
    if image and image.is_of_volumes:
        wishes, image_id, image = checked("image_id", volume_images.devices_of, image), None, None
    devices = checked("block_devices", block_devices.check, context, wishes, count) or []
    boot = next((device for device in devices if device.wish.boots), None)
    if boot is None:
        if image is None and "image_id" not in wrong:
            image = checked("image_id", images.get_bootable, context, image_id)
    elif image_id and str(image_id) != str(boot.wish.key):
        wrong["image_id"] = _("It cannot boot from an image and from a volume.")
    names = checked("name", _names, request.name, request.count)
    if count not in range(1, MOST_AT_ONCE + 1):
        wrong["count"] = _("Give a whole number from 1 to %(most)s.") % {"most": MOST_AT_ONCE}
    key_name, public_key = "", ""
    if request.public_key:
        key_name, public_key = "", checked("public_key", keypairs.clean_public_key, request.public_key)
    elif request.keypair_name:
        keypair = checked("keypair_name", keypairs.get, context, str(request.keypair_name))
        key_name, public_key = (keypair.name, keypair.public_key) if keypair else ("", "")
    encoded_user_data = checked("user_data", user_data.encode, request.user_data)
    requested_networks = checked("networks", networks.get_chosen, context, request.networks)
    description = checked(
        "description", partial(inputs.text, longest=255), {"description": request.description}, "description"
    )
    label_values = {
        "metadata": request.metadata,
        "tags": request.tags,
        "access_ipv4": request.access_ipv4,
        "access_ipv6": request.access_ipv6,
        "hostname": request.hostname,
    }
    if request.hostname is not None and count > 1:
        wrong["hostname"] = _("Several instances cannot have one host name.")
    checked_labels: dict[str, Any] = {}
    for field, value in label_values.items():
        if value is not None:
            checked_labels[field] = checked(field, labels.CHECKS[field], value)
    zone_and_hints = checked("availability_zone", placement.parse_zone, context, request.availability_zone)
    zone, hints = zone_and_hints or ("", dict[str, Any]())
    if request.host is not None:
        if "host" in hints:
            wrong["host"] = _("The availability zone names a host already.")
        hints["host"] = checked("host", placement.parse_host, context, request.host)
    for name in placement.AFFINITY_HINTS:
        if (hint := getattr(request, name)) is not None:
            hints[name] = checked(name, placement.parse_affinity_hint, name, hint)
    group = checked(
        "server_group_id", server_groups.join, context, request.server_group_id, len(names or [""])
    )
    properties = image.properties if image else boot.properties if boot else {}
    if reason := hardware.properties_refusal(properties):
        wrong["image_id"] = reason
    elif flavor and (reason := _flavor_refusal(flavor, image, boot, properties)):
        wrong["flavor_id"] = reason
    elif flavor and (reason := hardware.hosts_refusal(flavor.extra_specs, properties)):
        wrong["image_id"] = reason
    if wrong:
        raise BadInput(fields=wrong)
    return CheckedRequest(
        names=names,
        flavor=flavor,
        image=image,
        hardware=hardware.options(flavor, properties),
        devices=devices,
        key_name=key_name,
        public_key=public_key,
        user_data=encoded_user_data,
        networks=requested_networks,
        description=description,
        labels=checked_labels,
        server_group=group,
        placement={"requested_zone": zone, "scheduler_hints": hints | _volumes(devices)},
    )


def _flavor_refusal(
    flavor: Flavor, image: Image | None, boot: CheckedDevice | None, properties: Mapping[str, str]
) -> str:
    """Return why the flavor does not suffice for the system; empty if it does. A new root volume counts as its disk."""
    reason = ""
    if image is not None:
        reason = images.too_large(image, flavor.ram_mib, flavor.disk_gib)
    elif boot is not None and boot.new is not None and boot.image is not None:
        reason = images.too_large(boot.image, flavor.ram_mib, boot.new.size_gib)
    return reason or hardware.refusal(flavor.extra_specs, properties, flavor.vcpus)


def _volumes(devices: Sequence[CheckedDevice]) -> dict[str, list[str]]:
    """Return the hint with the volumes that the host must reach: those to attach, and those whose snapshots are copied."""
    ids = [str(device.volume.pk) for device in devices if device.volume]
    ids += [str(device.snapshot.volume_id) for device in devices if device.snapshot]
    return {placement.VOLUMES: ids} if ids else {}


def _names(name: object, count: object) -> list[str]:
    """Return the name alone, or name-1 … name-n. Raise BadInput."""
    number = min(quotas.whole_number(count) or 1, MOST_AT_ONCE)
    if number <= 1:
        return [clean_name(name)]
    stem = clean_name(name, longest=255 - len(f"-{number}"))
    return [f"{stem}-{index}" for index in range(1, number + 1)]
