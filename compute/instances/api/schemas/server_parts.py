"""Schemas of the resources below a server: addresses, metadata, tags, interfaces, disks, groups, consoles."""

from django.utils.translation import gettext_lazy as _

from accounts.names import KEY
from accounts.openstack.contract import by_version
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    UUID,
    Schema,
    explained,
    list_of,
    map_of,
    nullable,
    object_of,
    text,
)
from compute.api.schemas import METADATA
from compute.instances.api.schemas.servers import BARE_ADDRESSES, TAGS

ADDRESSES: Schema = object_of({"addresses": BARE_ADDRESSES})
OF_NETWORK: Schema = BARE_ADDRESSES | {"minProperties": 1, "maxProperties": 1}
SET_METADATA: Schema = object_of({"metadata": METADATA})
METADATA_SHOWN: Schema = object_of({"metadata": map_of(STRING)})
_ONE: Schema = {"minProperties": 1, "maxProperties": 1}
SET_ONE: Schema = object_of(
    {
        "meta": explained(
            map_of(text(255), keys=KEY) | _ONE,
            _("The body must hold the key of the address and nothing else."),
        )
    }
)
ONE_SHOWN: Schema = object_of({"meta": map_of(STRING) | _ONE})
SET_TAGS: Schema = object_of({"tags": TAGS})
TAGS_SHOWN: Schema = object_of({"tags": list_of(STRING)})
INTERFACES: Schema = object_of(
    {
        "interfaceAttachments": list_of(
            object_of(
                {
                    "port_id": UUID,
                    "net_id": UUID,
                    "mac_addr": STRING,
                    "port_state": STRING,
                    "fixed_ips": list_of(object_of({"ip_address": STRING, "subnet_id": UUID})),
                }
            )
        )
    }
)
TOPOLOGY: Schema = object_of(
    {
        "nodes": list_of(
            object_of(
                {"memory_mb": INTEGER, "siblings": list_of(list_of(INTEGER)), "vcpu_set": list_of(INTEGER)}
            )
        ),
        "pagesize_kb": nullable(INTEGER),
    }
)
SECURITY_GROUPS: Schema = object_of(
    {
        "security_groups": list_of(
            object_of(
                {
                    "id": STRING,
                    "name": STRING,
                    "description": STRING,
                    "tenant_id": STRING,
                    "rules": list_of(OBJECT),
                }
            )
        )
    }
)
_DISK: Schema = map_of(nullable(INTEGER))
_NIC: Schema = object_of({"mac_address": STRING}, others=nullable(INTEGER))


def _diagnostics(minor: int) -> Schema:
    if minor < 48:
        return object_of({"memory": INTEGER, "vcpus": INTEGER})
    return object_of(
        {
            "state": STRING,
            "driver": STRING,
            "hypervisor": nullable(STRING),
            "hypervisor_os": STRING,
            "uptime": nullable(INTEGER),
            "config_drive": BOOLEAN,
            "num_cpus": INTEGER,
            "num_nics": INTEGER,
            "num_disks": INTEGER,
            "memory_details": object_of({"maximum": INTEGER, "used": NULL}),
            "cpu_details": list_of(
                object_of({"id": INTEGER, "time": nullable(INTEGER), "utilisation": nullable(NUMBER)})
            ),
            "nic_details": list_of(_NIC),
            "disk_details": list_of(_DISK),
        }
    )


DIAGNOSTICS = by_version(_diagnostics, 48)
_ONLY_NOVNC: Schema = explained(ANY, _("There is only the protocol vnc with the type novnc."))
CREATE_CONSOLE: Schema = object_of(
    {
        "remote_console": object_of(
            {"protocol": _ONLY_NOVNC | {"const": "vnc"}, "type": _ONLY_NOVNC | {"const": "novnc"}}
        )
    }
)
CONSOLE: Schema = object_of(
    {"remote_console": object_of({"protocol": STRING, "type": STRING, "url": STRING})}
)
