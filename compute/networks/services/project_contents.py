"""Register the networks of projects with accounts, which names them before a project is deleted."""

from django.utils.translation import gettext_lazy as _

from accounts.services import project_contents
from accounts.services.project_contents import Content
from compute.networks.models import Network


def register() -> None:
    """Register with accounts. Call it once at start."""
    project_contents.register("networks", Content(label=_("Networks"), names=_networks))


def _networks(project_id: str) -> list[str]:
    return list(Network.objects.filter(project=project_id).order_by("name").values_list("name", flat=True))
