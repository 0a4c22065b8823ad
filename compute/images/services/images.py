"""Images in their projects' scope, and their copies in hypervisors' pools."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, NotFound
from compute.driver.files import Progress
from compute.driver.storage.pool import Pool
from compute.engine.actions import registry
from compute.engine.actions.base import Action
from compute.engine.actions.begin import begin, try_begin
from compute.engine.models import SubjectQuerySet
from compute.images.models import Image
from compute.images.services import image_files

DELETED = gettext_lazy("The image was deleted meanwhile. Choose another one.")


def visible_to(context: Context) -> SubjectQuerySet[Image]:
    """Return public images and the project's own, in any status. Raise Forbidden."""
    policy.enforce(context, "image:read")
    own = Q(project=context.project) if context.project else Q(pk__in=[])
    return _unscoped_existing().filter(Q(visibility="public") | own)


def list_launchable(context: Context) -> list[Image]:
    """Return the active images of `visible_to` but those that keep a shelved instance. Raise Forbidden."""
    return list(visible_to(context).filter(status=Image.Status.ACTIVE, shelved=None))


def get_launchable(context: Context, image_id: object) -> Image:
    """Return one active image of `visible_to`. Raise Forbidden, NotFound."""
    return _get_row(visible_to(context).filter(status=Image.Status.ACTIVE), image_id, _("Choose an image."))


def get_visible(context: Context, image_id: object) -> Image:
    """Return one image in any status; for administrators, of any project. Raise Forbidden, NotFound."""
    rows = visible_to(context)
    message = _("No image found with ID %(key)s") % {"key": str(image_id)[:64]}
    return _get_row(_unscoped_existing() if context.is_admin else rows, image_id, message)


def list_visible(context: Context) -> list[Image]:
    """Return the images of `visible_to`, newest first, each with the instance it was taken from.

    `keeps_shelved` is whether it is the copy that shelving made of one.
    """
    shelved = Exists(Image.objects.filter(pk=OuterRef("pk"), shelved__isnull=False))
    rows = visible_to(context).select_related("taken_from").annotate(keeps_shelved=shelved)
    return list(rows.order_by("-created_at", "-pk").with_open_operations())


def _delete_action() -> Action:
    return registry.actions()["image.delete"]


def _unscoped_existing() -> SubjectQuerySet[Image]:
    return Image.objects.exclude(Q(status=Image.Status.DELETED) | Q(task_state=Image.DELETING))


def _get_row(rows: QuerySet[Image], image_id: object, message: str) -> Image:
    try:
        return rows.get(pk=UUID(str(image_id)))
    except (Image.DoesNotExist, ValueError) as error:
        raise NotFound(message) from error


def delete(context: Context, image_id: object) -> Image:
    """Begin to delete an image. Raise NotFound, Forbidden, or Conflict naming the instances on it."""
    image = get_visible(context, image_id)
    policy.enforce(context, _delete_action().rule(context, image))
    begin(context, "image.delete", image.pk)
    return image


def set_metadata(context: Context, image: Image, parameters: dict[str, Any]) -> None:
    """Change the properties of an image. Raise Forbidden, BadInput, Conflict, OverQuota."""
    enforce_set_metadata(context, image)
    begin(context, "image.set_metadata", image.pk, parameters=parameters)


def enforce_set_metadata(context: Context, image: Image) -> None:
    """Raise Forbidden unless the asker may change the properties of the image."""
    policy.enforce(context, registry.actions()["image.set_metadata"].rule(context, image))


def may_delete(context: Context, image: Image) -> bool:
    """Return whether the asker's role allows deleting the image."""
    return policy.allows(context, _delete_action().rule(context, image))


def discard_unused(image_id: UUID, reason: str) -> bool:
    """Begin to delete an image as the system unless disks stand on it. Return whether it began."""
    return try_begin("image.delete", image_id, only=Q(), reason=reason)


def rotate(rows: QuerySet[Image], keep: int, reason: str) -> None:
    """Delete all but the newest `keep` images; those in use stay. `reason` is for the audit log."""
    for image in rows.filter(status=Image.Status.ACTIVE).order_by("-created_at", "-pk")[keep:]:
        discard_unused(image.pk, reason)


def get_existing(image_id: UUID | str) -> Image:
    """Return the image of an operation. Raise Conflict if it was deleted meanwhile."""
    image = _unscoped_existing().filter(pk=image_id).first()
    if image is None:
        raise Conflict(DELETED)
    return image


def too_large(image: Image, ram_mib: int, disk_gib: int) -> str:
    """Return why instances of these sizes cannot use the image; empty if they can."""
    if ram_mib < image.min_ram_mib:
        return _("%(image)s needs %(needed)s MiB of memory.") % {
            "image": image.name,
            "needed": image.min_ram_mib,
        }
    needed = max(image.min_disk_gib, -(-image.virtual_size // 2**30))
    if disk_gib < needed:
        return _("%(image)s needs %(needed)s GiB of disk.") % {"image": image.name, "needed": needed}
    return ""


def bring(image: Image, pool: Pool, progress: Progress) -> None:
    """Copy the image into the pool if it is missing; `progress(done, total)` counts bytes. Raise Conflict."""
    get_existing(image.pk)
    pool.import_file(
        image.volume_name,
        image_files.file_of(image),
        image.volume_format,
        progress,
    )
