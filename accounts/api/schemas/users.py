"""Schemas of `/users`."""

from accounts.api.schemas.common import DESCRIPTION, KEY, NO_OPTIONS, SELF, filters, listing, showing, taking
from accounts.openstack.schema import (
    ANY,
    BOOLEAN,
    FLAG,
    NAME,
    STRING,
    TEXT,
    WITHOUT_ZONE,
    Properties,
    Schema,
    extended,
    nullable,
    object_of,
    text,
)

_FIELDS: Properties = {
    "domain_id": KEY,
    "enabled": FLAG,
    "description": DESCRIPTION,
    "email": nullable(text(254)),
    "default_project_id": KEY,
    "password": nullable(TEXT),
}
CREATE: Schema = taking("user", {"name": NAME}, _FIELDS)
UPDATE: Schema = taking("user", optional={"name": NAME, **_FIELDS})
# What is no password is a wrong one, which is 401.
CHANGE_PASSWORD: Schema = taking("user", optional={"original_password": ANY, "password": ANY})
ROW: Schema = object_of(
    {
        "id": STRING,
        "name": STRING,
        "domain_id": STRING,
        "enabled": BOOLEAN,
        "password_expires_at": nullable(WITHOUT_ZONE),
        "options": NO_OPTIONS,
        "links": SELF,
    },
    {"description": STRING, "email": STRING, "default_project_id": STRING},
    others=True,
)
SHOWN: Schema = showing("user", ROW)
LIST: Schema = listing("users", ROW)
QUERY: Schema = extended(
    filters("name", "domain_id", "email", "default_project_id", "idp_id", "unique_id", flags=("enabled",)),
    optional={"password_expires_at": ANY, "protocol_id": ANY},
)
