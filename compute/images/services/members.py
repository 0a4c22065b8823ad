"""Projects with which images are shared: the owner adds and removes them, each answers for itself."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, Forbidden, NotFound
from accounts.models import Project
from accounts.services import audit
from compute.images.models import Image, ImageMember
from compute.images.services import images

MOST = 128
"""Members of an image at most, as in Glance."""


def listing(context: Context, image_id: object) -> list[ImageMember]:
    """Return the members of a shared image: the owner sees all, a member itself. Raise NotFound, Forbidden."""
    image = images.get_visible(context, image_id)
    if image.visibility == "public":
        raise Forbidden(_("Only shared images have members."))
    rows = image.members.all()
    return list(rows if _owns(context, image) else rows.filter(project=context.project))


def get(context: Context, image_id: object, project_id: str) -> ImageMember:
    """Return one member. Raise NotFound, Forbidden."""
    for member in listing(context, image_id):
        if member.project_id == project_id:
            return member
    raise NotFound(_("The image is not shared with the project %(id)s.") % {"id": project_id[:64]})


@transaction.atomic
def add(context: Context, image_id: object, project_id: object) -> ImageMember:
    """Share an image with a project. Raise NotFound, Forbidden, BadInput, Conflict if it is a member already."""
    image = _own_shared(context, image_id)
    project = Project.objects.filter(pk=project_id).first() if isinstance(project_id, str) else None
    if project is None:
        raise BadInput(fields={"member": _("There is no such project.")})
    if image.members.count() >= MOST:
        raise Conflict(_("An image has at most %(most)s members.") % {"most": MOST})
    try:
        with transaction.atomic():
            member = ImageMember.objects.create(image=image, project=project)
    except IntegrityError as error:
        raise Conflict(_("The image is shared with this project already.")) from error
    audit.record(context, "image.share", image, shared_with=project.name)
    return member


@transaction.atomic
def remove(context: Context, image_id: object, project_id: str) -> None:
    """End the sharing with a project. Raise NotFound, Forbidden."""
    image = _own_shared(context, image_id)
    member = image.members.filter(project=project_id).first()
    if member is None:
        raise NotFound(_("The image is not shared with the project %(id)s.") % {"id": project_id[:64]})
    audit.record(context, "image.unshare", image, shared_with=member.project.name)
    member.delete()


def answer(context: Context, image_id: object, project_id: str, status: object) -> ImageMember:
    """Accept or reject an image for one's own project. Raise NotFound, Forbidden, BadInput."""
    policy.enforce(context, "image:answer_share")
    if status not in ImageMember.Status.values:
        choices = ", ".join(ImageMember.Status.values)
        raise BadInput(fields={"status": _("Say one of %(choices)s.") % {"choices": choices}})
    member = get(context, image_id, project_id)
    if not context.is_admin and (context.project is None or member.project_id != context.project.id):
        raise Forbidden(_("Only the project itself answers whether it takes the image."))
    member.status = ImageMember.Status(str(status))
    member.save(update_fields=["status", "updated_at"])
    return member


def _own_shared(context: Context, image_id: object) -> Image:
    """Return an image of one's own that may be shared. Raise NotFound, Forbidden."""
    image = images.get_visible(context, image_id)
    policy.enforce(context, "image:share")
    if not _owns(context, image):
        raise Forbidden(_("Only its owner shares an image."))
    if image.visibility != "shared":
        raise Forbidden(_("Set the image's visibility to “shared” first."))
    return image


def _owns(context: Context, image: Image) -> bool:
    return context.is_admin or (context.project is not None and image.project_id == context.project.id)
