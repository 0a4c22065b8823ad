"""Schemas of `/servers`."""

from django.utils.translation import gettext_lazy as _

from accounts.names import TAG_PATTERN
from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    EMPTY,
    FLAG,
    INTEGER,
    NAME,
    NULL,
    OBJECT,
    SECONDS,
    SET,
    STRING,
    TEXT,
    UUID,
    WITHOUT_ZONE,
    Properties,
    Schema,
    explained,
    extended,
    list_of,
    map_of,
    nullable,
    object_of,
    one_of,
    query_of,
    text,
    whole,
    without,
)
from compute.api.schemas import (
    DISK_CONFIG,
    ID_OR_NUMBER,
    LINKS,
    METADATA,
    MOMENT,
    PAGE,
    SORT,
    UNSUPPORTED,
    listing,
)
from compute.instances.actions.schemas import ACCESS, PASSWORD, USER_DATA, hostname

TAG: Schema = explained(
    text(60, 1) | {"pattern": TAG_PATTERN},
    _("A tag is text of 1 to 60 characters without / and ,"),
)
TAGS: Schema = list_of(TAG, most=50)

# ── Create ───────────────────────────────────────────────────────────────────────────────────────
_LATER: Schema = explained(
    {"enum": [None, ""]}, _("Name networks by uuid; ports and fixed addresses come later.")
)
_NETWORKS: Schema = nullable(
    list_of(object_of(optional={"uuid": nullable(TEXT), "port": _LATER, "fixed_ip": _LATER, "tag": _LATER}))
)
_NETWORKS_OR_WORD: Schema = {
    "anyOf": [
        list_of(_NETWORKS["items"]),
        one_of("auto", "none"),
    ]
}
_DEVICE: Schema = object_of(
    optional=dict.fromkeys(
        (
            "boot_index",
            "delete_on_termination",
            "destination_type",
            "device_name",
            "device_type",
            "disk_bus",
            "guest_format",
            "no_device",
            "source_type",
            "tag",
            "uuid",
            "volume_size",
            "volume_type",
        ),
        ANY,
    )
)
_ONLY_DEFAULT: Schema = explained({"const": "default"}, _("There is only the security group “default”."))
_HINTS: Schema = nullable(OBJECT)
_EXAMPLE_IMAGE = "5f0d5a53-7d2c-4b4f-9f3e-0b6ab2f0a7c1"


def _create(minor: int) -> Schema:
    optional: dict[str, Schema] = {
        "imageRef": nullable(text(255)),
        "adminPass": PASSWORD,
        "metadata": nullable(METADATA),
        "OS-DCF:diskConfig": DISK_CONFIG,
        **ACCESS,
        "availability_zone": nullable(text(255)),
        "block_device_mapping": nullable(list_of(OBJECT)),
        "block_device_mapping_v2": nullable(list_of(_DEVICE)),
        "config_drive": nullable({"anyOf": [FLAG, EMPTY]}),
        "key_name": nullable(text(255)),
        "min_count": nullable(whole(1)),
        "max_count": nullable(whole(1)),
        "return_reservation_id": FLAG,
        "security_groups": nullable(list_of(object_of({"name": _ONLY_DEFAULT}))),
        "user_data": USER_DATA,
    }
    required: dict[str, Schema] = {"name": NAME, "flavorRef": ID_OR_NUMBER}
    if minor >= 37:
        required["networks"] = explained(_NETWORKS_OR_WORD, _("Say auto, none, or give a list of networks."))
    else:
        optional["networks"] = _NETWORKS
    if minor >= 19:
        optional["description"] = nullable(text(255))
    if minor >= 52:
        optional["tags"] = nullable(TAGS)
    if minor < 57:
        optional["personality"] = UNSUPPORTED
    if minor >= 63:
        optional["trusted_image_certificates"] = UNSUPPORTED
    if minor >= 74:
        optional |= {"host": text(255, 1), "hypervisor_hostname": text(255, 1)}
    if minor >= 90:
        optional["hostname"] = hostname(minor)
    hints = {"os:scheduler_hints": _HINTS, "OS-SCH-HNT:scheduler_hints": _HINTS}
    example = {"name": "web-1", "imageRef": _EXAMPLE_IMAGE, "flavorRef": "1", "networks": "auto"}
    if minor < 37:
        del example["networks"]
    return object_of({"server": object_of(required, optional) | {"examples": [example]}}, hints)


CREATE = by_version(_create, 19, 37, 52, 57, 63, 74, 90, 94)
CREATED: Schema = {
    "anyOf": [
        object_of({"reservation_id": STRING}),
        object_of(
            {
                "server": object_of(
                    {
                        "id": UUID,
                        "links": LINKS,
                        "OS-DCF:diskConfig": STRING,
                        "security_groups": list_of(object_of({"name": STRING})),
                        "adminPass": STRING,
                    }
                )
            }
        ),
    ]
}


# ── Update ───────────────────────────────────────────────────────────────────────────────────────
def _update(minor: int) -> Schema:
    optional: dict[str, Schema] = {"name": NAME, "OS-DCF:diskConfig": DISK_CONFIG, **ACCESS}
    if minor >= 19:
        optional["description"] = nullable(text(255))
    if minor >= 90:
        optional["hostname"] = hostname(minor)
    return object_of({"server": object_of(optional=optional)})


UPDATE = by_version(_update, 19, 90, 94)


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────
_FILTERS: Properties = dict.fromkeys(
    (
        "access_ip_v4",
        "access_ip_v6",
        "auto_disk_config",
        "availability_zone",
        "config_drive",
        "description",
        "display_description",
        "display_name",
        "flavor",
        "flavor_id",
        "host",
        "hypervisor_hostname",
        "image",
        "image_ref",
        "ip",
        "ip6",
        "kernel_id",
        "key_name",
        "name",
        "node",
        "project_id",
        "ramdisk_id",
        "reservation_id",
        "status",
        "task_state",
        "tenant_id",
        "user_id",
        "uuid",
        "vm_state",
    ),
    ANY,
)

_NO_FILTER: Schema = explained({"enum": [""]}, _("Servers cannot be found by this here."))


def _query(minor: int) -> Schema:
    flags = {"all_tenants": SET, "deleted": SET, "soft_deleted": FLAG}
    numbers = dict.fromkeys(("launch_index", "power_state", "progress"), whole(0))
    moments = dict.fromkeys(("changes-since", "created_at", "launched_at", "terminated_at"), MOMENT)
    unsupported = dict.fromkeys(("hostname", "locked_by", "root_device_name"), _NO_FILTER)
    more: dict[str, Schema] = {**flags, **numbers, **moments, **unsupported}
    if minor >= 26:
        more |= dict.fromkeys(("tags", "tags-any", "not-tags", "not-tags-any"), ANY)
    if minor >= 66:
        more["changes-before"] = MOMENT
    if minor >= 73:
        more["locked"] = FLAG
    return query_of(_FILTERS, PAGE, SORT, more)


QUERY = by_version(_query, 26, 66, 73)
BRIEF: Schema = object_of({"id": UUID, "name": STRING, "links": LINKS})
LIST: Schema = listing("servers", BRIEF)


# ── One server ───────────────────────────────────────────────────────────────────────────────────
_BARE_ADDRESS: Schema = object_of({"version": INTEGER, "addr": STRING})
_ADDRESS: Schema = extended(_BARE_ADDRESS, {"OS-EXT-IPS:type": STRING, "OS-EXT-IPS-MAC:mac_addr": STRING})
BARE_ADDRESSES: Schema = map_of(list_of(_BARE_ADDRESS))
_FAULT: Schema = object_of({"code": INTEGER, "created": SECONDS, "message": STRING})
_FLAVOR: Schema = object_of({"id": STRING, "links": LINKS})
_FLAVOR_IN_FULL: Schema = object_of(
    {
        "vcpus": INTEGER,
        "ram": INTEGER,
        "disk": INTEGER,
        "ephemeral": INTEGER,
        "swap": INTEGER,
        "original_name": STRING,
        "extra_specs": map_of(STRING),
    }
)


def changed(minor: int) -> Schema:
    """Return a server as the answer to an update or a rebuild shows it, from 2.75 on like any other."""
    return _full(minor) if minor >= 75 else _base(minor)


def _base(minor: int) -> Schema:
    row = extended(
        BRIEF,
        {
            "status": STRING,
            "tenant_id": STRING,
            "user_id": STRING,
            "metadata": map_of(STRING),
            "hostId": STRING,
            "image": {"anyOf": [EMPTY, object_of({"id": UUID, "links": LINKS})]},
            "flavor": _FLAVOR_IN_FULL if minor >= 47 else _FLAVOR,
            "created": SECONDS,
            "updated": SECONDS,
            "addresses": BARE_ADDRESSES,
            "accessIPv4": STRING,
            "accessIPv6": STRING,
            "OS-DCF:diskConfig": STRING,
        },
        {"progress": INTEGER, "fault": _FAULT},
    )
    later: dict[int, Properties] = {
        9: {"locked": BOOLEAN},
        19: {"description": nullable(STRING)},
        26: {"tags": list_of(STRING)},
        63: {"trusted_image_certificates": NULL},
        71: {"server_groups": list_of(UUID)},
        73: {"locked_reason": nullable(STRING)},
        96: {"pinned_availability_zone": nullable(STRING)},
    }
    for since, properties in later.items():
        if minor >= since:
            row = extended(row, properties)
    return row


def _full(minor: int) -> Schema:
    """Return a server as lists and the view of one show it; fields of the host are optional."""
    of_host: dict[str, Schema] = dict.fromkeys(
        ("OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:hypervisor_hostname"), nullable(STRING)
    )
    of_host["OS-EXT-SRV-ATTR:instance_name"] = STRING
    if minor >= 3:
        of_host |= {
            "OS-EXT-SRV-ATTR:reservation_id": STRING,
            "OS-EXT-SRV-ATTR:launch_index": INTEGER,
            "OS-EXT-SRV-ATTR:hostname": STRING,
            "OS-EXT-SRV-ATTR:kernel_id": STRING,
            "OS-EXT-SRV-ATTR:ramdisk_id": STRING,
            "OS-EXT-SRV-ATTR:root_device_name": STRING,
            "OS-EXT-SRV-ATTR:user_data": nullable(STRING),
        }
    if minor >= 16:
        of_host["host_status"] = STRING
    for_all = {"OS-EXT-SRV-ATTR:hostname": of_host.pop("OS-EXT-SRV-ATTR:hostname")} if minor >= 90 else {}
    return extended(
        _base(minor),
        {
            "addresses": map_of(list_of(_ADDRESS)),
            "OS-EXT-AZ:availability_zone": STRING,
            "OS-EXT-STS:vm_state": STRING,
            "OS-EXT-STS:task_state": nullable(STRING),
            "OS-EXT-STS:power_state": INTEGER,
            "OS-SRV-USG:launched_at": nullable(WITHOUT_ZONE),
            "OS-SRV-USG:terminated_at": nullable(WITHOUT_ZONE),
            "os-extended-volumes:volumes_attached": list_of(OBJECT),
            "config_drive": STRING,
            "key_name": nullable(STRING),
            "security_groups": list_of(object_of({"name": STRING})),
            **for_all,
        },
        of_host,
    )


STEPS = (3, 9, 16, 19, 26, 47, 63, 71, 73, 75, 90, 96)
SHOWN = by_version(lambda minor: object_of({"server": _full(minor)}), *STEPS)
CHANGED = by_version(lambda minor: object_of({"server": changed(minor)}), *STEPS)
# Groups are shown of one server only.
DETAIL = by_version(lambda minor: listing("servers", without(_full(minor), ("server_groups",))), *STEPS)
