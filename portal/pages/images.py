"""Images: the project's own, taken of its instances, and public ones."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from compute.images.models import Image
from compute.images.services import images
from portal.requests import Request, done, live_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An image; `progress` is that of the copy while it is being taken."""

    image: Image
    progress: dict[str, Any] | None
    may_delete: bool

    @property
    def is_ready(self) -> bool:
        return self.image.status == Image.Status.ACTIVE


@require_safe
def table(request: Request) -> HttpResponse:
    """Show the project's own images and public ones, in a constant number of queries."""
    context = request.context
    visible_images = images.list_visible(context)
    rows = []
    for image in visible_images:
        operation = image.open_operation
        rows.append(
            Row(
                image=image,
                progress=operation.progress if operation else None,
                may_delete=images.may_delete(context, image),
            )
        )
    project_id = context.project.pk if context.project else ""
    values = {
        "own": [row for row in rows if row.image.project_id == project_id],
        "others": [row for row in rows if row.image.project_id != project_id],
    }
    return live_page(request, "images/images.html", {"images": "images/tables.html"}, values)


@require_POST
def delete(request: Request, image_id: str) -> HttpResponse:
    """Delete an image."""
    image = images.delete(request.context, image_id)
    message = _("Deleted the image %(name)s.") % {"name": image.name}
    return done(request, message, reverse("images"), changed=("images",))


urlpatterns = [
    path("images/", table, name="images"),
    path("images/<str:image_id>/delete/", delete, name="image-delete"),
]
