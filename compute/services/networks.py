"""Networks that the asker may use."""

from django.utils.translation import gettext as _

from accounts.context import Context
from accounts.errors import Conflict
from compute.models import Network


def default(context: Context) -> Network:
    """The project's own network, else the shared one. Raises Conflict when there is none."""
    own = Network.objects.filter(project=context.project).first() if context.project else None
    network = own or Network.objects.filter(project=None).order_by("created_at").first()
    if network is None:
        raise Conflict(_("There is no network yet. Ask an administrator to run `make up` again."))
    return network
