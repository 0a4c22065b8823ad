"""Parts of schemas that the bodies of several actions and of new servers share."""

from django.utils.translation import gettext_lazy as _

from accounts.openstack.schema import Properties, Schema, explained, nullable, text
from compute.api.schemas import ADDRESS_4, ADDRESS_6
from compute.instances.services import labels

PASSWORD: Schema = nullable(text(255))
USER_DATA: Schema = nullable({"type": "string", "format": "base64"})
HOSTNAME: Schema = explained(
    text(63, 1) | {"pattern": labels.HOSTNAME}, _("Give up to 63 letters, digits and hyphens between them.")
)
ACCESS: Properties = {"accessIPv4": nullable(ADDRESS_4), "accessIPv6": nullable(ADDRESS_6)}
