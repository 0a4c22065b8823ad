"""Schemas of `/os-hypervisors`, `/os-services` and `/os-availability-zone`."""

from django.utils.translation import gettext_lazy as _

from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    FLAG,
    INTEGER,
    NULL,
    OBJECT,
    STRING,
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
)
from compute.api.schemas import PAGE, listing

_SERVERS: Properties = {"servers": list_of(object_of({"uuid": UUID, "name": STRING}))}
NUMBERS = (
    "vcpus",
    "memory_mb",
    "local_gb",
    "vcpus_used",
    "memory_mb_used",
    "local_gb_used",
    "free_ram_mb",
    "free_disk_gb",
    "current_workload",
    "running_vms",
    "disk_available_least",
)
_NUMBERS: Properties = dict.fromkeys(NUMBERS, INTEGER)


def _id(minor: int) -> Schema:
    """Return the schema of an id: a number, and from 2.53 on a UUID."""
    return UUID if minor >= 53 else INTEGER


def _brief(minor: int) -> Schema:
    return object_of(
        {"id": _id(minor), "hypervisor_hostname": STRING, "state": STRING, "status": STRING}, _SERVERS
    )


def _detail(minor: int) -> Schema:
    service = object_of({"host": STRING, "id": _id(minor), "disabled_reason": nullable(STRING)})
    facts: Properties = {"uptime": nullable(STRING)}
    if minor < 88:
        facts = {**_NUMBERS, "cpu_info": OBJECT if minor >= 28 else STRING}
    return extended(
        _brief(minor),
        {
            **facts,
            "host_ip": STRING,
            "hypervisor_type": STRING,
            "hypervisor_version": INTEGER,
            "service": service,
        },
    )


def _service(minor: int) -> Schema:
    row = object_of(
        {
            "id": _id(minor),
            "binary": STRING,
            "host": STRING,
            "zone": STRING,
            "status": STRING,
            "state": STRING,
            "updated_at": WITHOUT_ZONE,
            "disabled_reason": nullable(STRING),
        }
    )
    return extended(row, {"forced_down": BOOLEAN}) if minor >= 11 else row


def _query(minor: int) -> Schema:
    later = {"hypervisor_hostname_pattern": ANY, "with_servers": FLAG} if minor >= 53 else {}
    return query_of(PAGE, later)


QUERY = by_version(_query, 53)
ONE_QUERY = by_version(lambda minor: query_of(with_servers=FLAG) if minor >= 53 else query_of(), 53)
HYPERVISORS = by_version(lambda minor: listing("hypervisors", _brief(minor)), 53)
HYPERVISORS_IN_DETAIL = by_version(lambda minor: listing("hypervisors", _detail(minor)), 28, 53, 88)
HYPERVISOR = by_version(lambda minor: object_of({"hypervisor": _detail(minor)}), 28, 53, 88)
FOUND: Schema = object_of({"hypervisors": list_of(_brief(1))})
UPTIME = by_version(lambda minor: object_of({"hypervisor": extended(_brief(minor), {"uptime": STRING})}), 53)
STATISTICS: Schema = object_of({"hypervisor_statistics": object_of({"count": INTEGER, **_NUMBERS})})

SERVICES_QUERY: Schema = query_of(host=ANY, binary=ANY)
SERVICES = by_version(lambda minor: object_of({"services": list_of(_service(minor))}), 11, 53)
_REASON: Properties = {"disabled_reason": nullable(text(255))}
_STATUS: Schema = explained(one_of("enabled", "disabled"), _("Say enabled or disabled."))


def _update(minor: int) -> Schema:
    if minor >= 53:
        return object_of(optional={"status": _STATUS, **_REASON, "forced_down": FLAG})
    # A host or a binary that is none is not found, as is a verb of a later version.
    return object_of(optional={"host": ANY, "binary": ANY, **_REASON, "forced_down": FLAG})


def _updated(minor: int) -> Schema:
    if minor >= 53:
        return object_of({"service": _service(minor)})
    later: Properties = {"forced_down": BOOLEAN} if minor >= 11 else {}
    changed: Properties = {"status": STRING, **_REASON, **later}
    return object_of({"service": object_of({"binary": STRING, "host": STRING}, changed)})


UPDATE_SERVICE = by_version(_update, 53)
SERVICE = by_version(_updated, 11, 53)

_ZONE_SERVICE: Schema = object_of(
    {"active": BOOLEAN, "available": BOOLEAN, "updated_at": nullable(WITHOUT_ZONE)}
)


def _zones(hosts: Schema) -> Schema:
    state = object_of({"available": BOOLEAN})
    zone = object_of({"zoneName": STRING, "zoneState": state, "hosts": hosts})
    return object_of({"availabilityZoneInfo": list_of(zone)})


ZONES: Schema = _zones(NULL)
ZONES_IN_DETAIL: Schema = _zones(map_of(map_of(_ZONE_SERVICE)))
