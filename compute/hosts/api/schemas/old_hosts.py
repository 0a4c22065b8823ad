"""Schemas of `/os-hosts`."""

from django.utils.translation import gettext_lazy as _

from accounts.openstack.schema import (
    ANY,
    INTEGER,
    STRING,
    Schema,
    explained,
    list_of,
    object_of,
    one_of,
    query_of,
)

_SWITCH: Schema = explained(one_of("enable", "disable"), _("Say enable or disable."))
QUERY: Schema = query_of(zone=ANY)
HOSTS: Schema = object_of(
    {"hosts": list_of(object_of({"host_name": STRING, "service": STRING, "zone": STRING}))}
)
_RESOURCE: Schema = object_of(
    {"host": STRING, "project": STRING, "cpu": INTEGER, "memory_mb": INTEGER, "disk_gb": INTEGER}
)
HOST: Schema = object_of({"host": list_of(object_of({"resource": _RESOURCE}))})
UPDATE: Schema = object_of(optional={"status": _SWITCH, "maintenance_mode": _SWITCH})
UPDATED: Schema = object_of({"host": STRING}, {"status": STRING, "maintenance_mode": STRING})
