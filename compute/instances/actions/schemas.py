"""Parts of schemas that the bodies of several actions and of new servers share."""

from accounts.openstack.schema import Properties, Schema, nullable, text
from compute.api.schemas import ADDRESS_4, ADDRESS_6

PASSWORD: Schema = nullable(text(255))
USER_DATA: Schema = nullable({"type": "string", "format": "base64"})
ACCESS: Properties = {"accessIPv4": nullable(ADDRESS_4), "accessIPv6": nullable(ADDRESS_6)}
