"""Schemas of `/users/{id}/application_credentials` and `/users/{id}/access_rules`."""

from django.utils.translation import gettext_lazy as _

from accounts.api.schemas.common import DESCRIPTION, REFERENCE, SELF, filters, listing, showing, taking
from accounts.openstack.schema import (
    BOOLEAN,
    FLAG,
    NAME,
    NULL,
    STRING,
    TEXT,
    TIME,
    WITHOUT_ZONE,
    Schema,
    explained,
    extended,
    list_of,
    nullable,
    object_of,
)

_ROLE: Schema = explained(
    object_of(optional={"id": TEXT, "name": TEXT}, others=True),
    _("Give a list of objects with an id or a name."),
)
_RULE: Schema = explained(
    object_of(optional=dict.fromkeys(("id", "service", "method", "path"), TEXT), others=True),
    _("A rule names a service, a method and a path."),
)
CREATE: Schema = taking(
    "application_credential",
    {"name": NAME},
    {
        "description": DESCRIPTION,
        "secret": nullable(TEXT),
        "roles": nullable(list_of(_ROLE, most=100)),
        "expires_at": nullable(TIME),
        "unrestricted": FLAG,
        "access_rules": nullable(list_of(_RULE, most=100)),
    },
)
_STORED_RULE: Schema = object_of({"id": STRING, "service": STRING, "method": STRING, "path": STRING})
ROW: Schema = object_of(
    {
        "id": STRING,
        "name": STRING,
        "description": nullable(STRING),
        "project_id": STRING,
        "user_id": STRING,
        "system": NULL,
        "roles": list_of(extended(REFERENCE, {"domain_id": NULL})),
        "unrestricted": BOOLEAN,
        "expires_at": nullable(WITHOUT_ZONE),
        "access_rules": list_of(_STORED_RULE),
        "links": SELF,
    }
)
SHOWN: Schema = showing("application_credential", ROW)
CREATED: Schema = showing("application_credential", extended(ROW, {"secret": STRING}))
LIST: Schema = listing("application_credentials", ROW)
QUERY: Schema = filters("name")

RULE: Schema = extended(_STORED_RULE, {"links": SELF})
RULE_SHOWN: Schema = showing("access_rule", RULE)
RULES: Schema = listing("access_rules", RULE)
RULE_QUERY: Schema = filters("service", "method", "path")
