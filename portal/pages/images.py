"""Images: the project's own, taken of its instances, and public ones."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from compute.images.models import Image
from compute.images.services import images
from portal.requests import Request, done, live_page

STATES = {
    Image.Status.UPLOADING: (Image.Status.UPLOADING.label, "secondary"),
    Image.Status.ACTIVE: (gettext_lazy("Ready"), "green"),
    Image.Status.DEACTIVATED: (gettext_lazy("Deactivated"), "yellow"),
    Image.Status.ERROR: (gettext_lazy("Error"), "red"),
}
"""{status: label and color} of images that nothing is being done to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An image; `progress` is that of the copy while it is being taken."""

    image: Image
    progress: dict[str, Any] | None
    may_delete: bool

    @property
    def has_data(self) -> bool:
        return self.image.status in {Image.Status.ACTIVE, Image.Status.DEACTIVATED}

    @property
    def is_launchable(self) -> bool:
        return self.image.status == Image.Status.ACTIVE and self.image.disk_format not in images.NO_BOOT

    @property
    def is_busy(self) -> bool:
        return self.image.status == Image.Status.IMPORTING or (
            self.image.status in Image.UNFINISHED
            and (self.image.upload is not None or self.image.taken_from is not None)
        )

    @property
    def failure(self) -> str:
        """Return why the last import failed; empty if the image got data since."""
        fault = self.image.fault if self.image.status == Image.Status.QUEUED else None
        return str(fault["message"]) if fault else ""

    @property
    def state(self) -> tuple[str | Promise, str]:
        """Return the label of the state, and its color."""
        if self.image.status == Image.Status.IMPORTING:
            return Image.Status.IMPORTING.label, "blue"
        if self.is_busy:
            return (_("Being uploaded") if self.image.upload else _("Being taken")), "blue"
        if self.failure:
            return _("Import failed"), "red"
        return STATES.get(Image.Status(self.image.status), (_("No data yet"), "secondary"))


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
