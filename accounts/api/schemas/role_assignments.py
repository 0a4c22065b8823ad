"""Schemas of `/role_assignments`."""

from accounts.api.schemas.common import DOMAIN, listing
from accounts.openstack.schema import ANY, BOOLEAN, FLAG, STRING, Schema, object_of, query_of

_THING: Schema = object_of({"id": STRING}, {"name": STRING, "domain": DOMAIN})
_ROW: Schema = object_of(
    {
        "role": _THING,
        "scope": object_of(
            optional={
                "project": _THING,
                "domain": _THING,
                "system": object_of({"all": BOOLEAN}),
                "OS-INHERIT:inherited_to": STRING,
            }
        ),
        "links": object_of({"assignment": STRING}, {"membership": STRING, "prior_role": STRING}),
    },
    {"user": _THING, "group": _THING},
)
LIST: Schema = listing("role_assignments", _ROW)
_SET: Schema = {"anyOf": [FLAG, {"const": ""}]}
QUERY: Schema = query_of(
    {
        "user.id": ANY,
        "group.id": ANY,
        "role.id": ANY,
        "scope.project.id": ANY,
        "scope.domain.id": ANY,
        "scope.system": ANY,
        "scope.OS-INHERIT:inherited_to": ANY,
        "effective": _SET,
        "include_names": _SET,
    }
)
