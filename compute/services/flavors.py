"""Flavors that the asker may use."""

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import NotFound
from accounts.names import is_text
from compute.models import Flavor


def listing(context: Context) -> list[Flavor]:
    """Public flavors, smallest first."""
    policy.enforce(context, "flavor:read")
    return list(Flavor.objects.filter(is_public=True))


def get(context: Context, flavor_id: object) -> Flavor:
    """One flavor. Raises NotFound."""
    policy.enforce(context, "flavor:read")
    found = Flavor.objects.filter(pk=flavor_id, is_public=True).first() if is_text(flavor_id) else None
    if found is None:
        raise NotFound(_("Choose a size."))
    return found
