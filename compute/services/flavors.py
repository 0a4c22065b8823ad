"""Flavors that the asker may use."""

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import NotFound
from compute.models import Flavor


def listing(context: Context) -> list[Flavor]:
    """Public flavors, smallest first."""
    policy.enforce(context, "flavor:read")
    return list(Flavor.objects.filter(is_public=True))


def get(context: Context, flavor_id: object) -> Flavor:
    """One flavor. Raises NotFound."""
    policy.enforce(context, "flavor:read")
    found = None
    if isinstance(flavor_id, str) and "\0" not in flavor_id:
        found = Flavor.objects.filter(pk=flavor_id[:255], is_public=True).first()
    if found is None:
        raise NotFound(_("Choose a size."))
    return found
