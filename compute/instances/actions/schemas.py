"""Parts of schemas that the bodies of several actions and of new servers share."""

from django.utils.translation import gettext_lazy as _

from accounts.openstack.schema import Properties, Schema, explained, nullable, text
from compute.api.schemas import ADDRESS_4, ADDRESS_6
from compute.instances.services import labels

PASSWORD: Schema = nullable(text(255))
USER_DATA: Schema = nullable({"type": "string", "format": "base64"})
ACCESS: Properties = {"accessIPv4": nullable(ADDRESS_4), "accessIPv6": nullable(ADDRESS_6)}


def hostname(minor: int) -> Schema:
    """Return the schema of a host name, which has a domain since 2.94."""
    pattern, longest = (labels.FULL_HOSTNAME, 255) if minor >= 94 else (labels.HOSTNAME, 63)
    sentence = _("Give a host name of letters and digits, with hyphens between them.")
    return explained(text(longest, 1) | {"pattern": f"^{pattern}$"}, sentence)
