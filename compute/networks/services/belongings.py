"""What networks are kept in projects, so that accounts can name them before a project is deleted."""

from django.utils.translation import gettext_lazy as _

from accounts.services import belongings
from accounts.services.belongings import Belonging
from compute.networks.models import Network


def register() -> None:
    """Tell accounts; called once at start."""
    belongings.register("networks", Belonging(label=_("Networks"), names=_networks))


def _networks(project_id: str) -> list[str]:
    return list(Network.objects.filter(project=project_id).order_by("name").values_list("name", flat=True))
