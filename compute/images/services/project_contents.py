"""Register the images of projects with accounts, which names them before a project is deleted."""

from django.utils.translation import gettext_lazy as _

from accounts.services import project_contents
from accounts.services.project_contents import Content
from compute.images.models import Image


def register() -> None:
    """Register with accounts. Call it once at start."""
    project_contents.register("images", Content(label=_("Images"), names=_images, forget=_forget))


def _images(project_id: str) -> list[str]:
    rows = Image.objects.exclude(status=Image.Status.DELETED)
    return list(rows.filter(project=project_id).order_by("name").values_list("name", flat=True))


def _forget(project_id: str) -> None:
    """Delete the rows of deleted images."""
    Image.objects.filter(project=project_id, status=Image.Status.DELETED).delete()
