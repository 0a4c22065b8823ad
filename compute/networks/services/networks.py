"""Networks in their projects' scope."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from compute.networks.models import Network


def visible_to(context: Context) -> QuerySet[Network]:
    """Return shared networks and the project's own; all for administrators. Raise Forbidden."""
    policy.enforce(context, "network:read")
    rows = Network.objects.order_by("created_at", "pk")
    return rows if context.is_admin else rows.filter(Q(project=None) | Q(project=context.project))


def get(context: Context, network_id: object) -> Network:
    """Return one network of `visible_to`. Raise Forbidden, NotFound."""
    try:
        return visible_to(context).get(pk=UUID(str(network_id)))
    except (Network.DoesNotExist, ValueError) as error:
        raise NotFound(_("There is no such network.")) from error


def get_chosen(context: Context, networks: object) -> list[Network]:
    """Return the networks with these ids; for None the default one. Raise BadInput, Conflict."""
    if networks is None:
        return [get_default(context)]
    if not isinstance(networks, list):
        raise BadInput(fields={"networks": _("Give a list of networks.")})
    try:
        return [get(context, network_id) for network_id in networks]
    except NotFound as error:
        raise BadInput(fields={"networks": error.text}) from error


def get_default(context: Context) -> Network:
    """Return the project's own network, else the shared one. Raise Conflict if there is none."""
    own = Network.objects.filter(project=context.project).first() if context.project else None
    network = own or Network.objects.filter(project=None).order_by("created_at").first()
    if network is None:
        raise Conflict(_("There is no network yet. Ask an administrator to run `make up` again."))
    return network
