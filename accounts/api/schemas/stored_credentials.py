"""Schemas of `/credentials` and `/users/{id}/credentials/OS-EC2`."""

from accounts.api.schemas.common import KEY, SELF, filters, listing, showing, taking
from accounts.openstack.schema import NAME, NULL, STRING, Properties, Schema, nullable, object_of, text
from accounts.services.stored_credentials import LONGEST

_FIELDS: Properties = {"type": NAME, "blob": text(LONGEST), "user_id": NAME}
CREATE: Schema = taking("credential", _FIELDS, {"project_id": KEY})
UPDATE: Schema = taking("credential", optional={**_FIELDS, "project_id": KEY})
ROW: Schema = object_of(
    {
        "id": STRING,
        "user_id": STRING,
        "project_id": nullable(STRING),
        "type": STRING,
        "blob": STRING,
        "links": SELF,
    }
)
SHOWN: Schema = showing("credential", ROW)
LIST: Schema = listing("credentials", ROW)
QUERY: Schema = filters("user_id", "type")

CREATE_EC2: Schema = object_of({"tenant_id": NAME}, others=True)
EC2_ROW: Schema = object_of(
    {
        "access": STRING,
        "secret": STRING,
        "user_id": STRING,
        "tenant_id": STRING,
        "trust_id": NULL,
        "links": SELF,
    }
)
EC2_SHOWN: Schema = showing("credential", EC2_ROW)
EC2_LIST: Schema = listing("credentials", EC2_ROW)
EC2_QUERY: Schema = filters()
