"""Schemas of the Network API."""

from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    INTEGER,
    NULL,
    OBJECT,
    SECONDS,
    STRING,
    UUID,
    Properties,
    Schema,
    list_of,
    object_of,
    query_of,
)
from compute.api.schemas import LINKS, PAGE, listing

RESOURCES: Schema = object_of(
    {"resources": list_of(object_of({"name": STRING, "collection": STRING, "links": LINKS}))}
)
EXTENSIONS: Schema = object_of({"extensions": list_of(OBJECT)})

_COMMON: Properties = {
    "id": UUID,
    "name": STRING,
    "tenant_id": STRING,
    "project_id": STRING,
    "description": STRING,
    "tags": list_of(STRING),
    "created_at": SECONDS,
    "updated_at": SECONDS,
}
# Every property may be left out, since `fields` says which are wanted.
NETWORK: Schema = object_of(
    optional={
        **_COMMON,
        "admin_state_up": BOOLEAN,
        "status": STRING,
        "shared": BOOLEAN,
        "router:external": BOOLEAN,
        "subnets": list_of(UUID),
        "mtu": INTEGER,
        "port_security_enabled": BOOLEAN,
        "availability_zones": list_of(STRING),
        "availability_zone_hints": list_of(STRING),
    }
)
SUBNET: Schema = object_of(
    optional={
        **_COMMON,
        "network_id": UUID,
        "cidr": STRING,
        "ip_version": INTEGER,
        "gateway_ip": STRING,
        "enable_dhcp": BOOLEAN,
        "allocation_pools": list_of(object_of({"start": STRING, "end": STRING})),
        "dns_nameservers": list_of(STRING),
        "host_routes": list_of(OBJECT),
        "ipv6_address_mode": NULL,
        "ipv6_ra_mode": NULL,
    }
)


def _query(row: Schema) -> Schema:
    """Return the schema of a list's query: every field is a filter too."""
    return query_of(dict.fromkeys(row["properties"], ANY), PAGE, fields=ANY, sort_key=ANY, sort_dir=ANY)


ONE_QUERY: Schema = query_of(fields=ANY)
NETWORK_QUERY: Schema = _query(NETWORK)
SUBNET_QUERY: Schema = _query(SUBNET)
NETWORKS: Schema = listing("networks", NETWORK)
SUBNETS: Schema = listing("subnets", SUBNET)
NETWORK_SHOWN: Schema = object_of({"network": NETWORK})
SUBNET_SHOWN: Schema = object_of({"subnet": SUBNET})
_USED: Schema = object_of({"limit": INTEGER, "used": INTEGER, "reserved": INTEGER})


def quota(names: tuple[str, ...], *, used: bool = False) -> Schema:
    return object_of({"quota": object_of(dict.fromkeys(names, _USED if used else INTEGER))})
