"""Images: the project's own, public ones, and those that others share with it."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from compute.images.services import images
from portal.image_rows import rows_of
from portal.requests import Request, deleted, live_page


@require_safe
def table(request: Request) -> HttpResponse:
    """Show the images in a constant number of queries."""
    context = request.context
    rows = rows_of(context, images.list_visible(context))
    project_id = context.project.pk if context.project else ""
    values = {
        "own": [row for row in rows if row.image.project_id == project_id],
        "others": [row for row in rows if row.image.project_id != project_id],
        "offered": images.list_offered(context) if policy.allows(context, "image:answer_share") else [],
    }
    return live_page(request, "images/images.html", {"images": "images/tables.html"}, values)


@require_POST
def delete(request: Request, image_id: UUID) -> HttpResponse:
    """Delete an image."""
    image = images.delete(request.context, image_id)
    message = _("Deleted the image %(name)s.") % {"name": image.name}
    return deleted(request, message, reverse("images"), changed=("images",))


urlpatterns = [
    path("images/", table, name="images"),
    path("images/<uuid:image_id>/delete/", delete, name="image-delete"),
]
