"""Images in their projects' scope, and their copies in hypervisors' pools."""

import time
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, Forbidden, NotFound
from accounts.services import audit
from compute.driver.files import Progress
from compute.driver.storage.pool import Pool
from compute.engine import operations
from compute.engine.actions import registry
from compute.engine.actions.base import Action
from compute.engine.actions.begin import begin, try_begin
from compute.engine.models import Operation, SubjectQuerySet
from compute.engine.services import metadata, transitions
from compute.images.models import Image, ImageMember
from compute.images.models.image import RAW_FORMATS
from compute.images.services import image_fields, image_files, image_quota

ISO = "iso"
NO_BOOT = ("ami", "ari", "aki")
NO_DISKS = (ISO, *NO_BOOT)
"""Formats of images that no root disk is made of. A machine boots from an ISO to install onto an empty one."""

OF_VOLUMES = Q(properties__has_key=Image.VOLUMES)
"""The condition of images that are none of data."""

DELETE_SECONDS = 3.0
"""How long a client that deletes an image waits for a worker that has begun with it."""

DELETED = gettext_lazy("The image was deleted meanwhile. Choose another one.")


def visible_to(context: Context) -> SubjectQuerySet[Image]:
    """Return what lists show, in any status: public images, the project's own, and accepted ones. Raise Forbidden."""
    return of_visibility(context)


def of_visibility(
    context: Context, visibility: str = "", member_status: str = "accepted"
) -> SubjectQuerySet[Image]:
    """Return what lists show of one visibility, or of "all"; by default of all but the rest of the community's.

    `member_status` is the project's answer to images that others share with it, or "all". Raise Forbidden.
    """
    statuses = ImageMember.Status.values if member_status == "all" else [member_status]
    own = _own(context)
    rows = readable_by(context).filter(~Q(visibility="shared") | own | _shared_with(context, statuses))
    if not visibility:
        return rows.filter(~Q(visibility="community") | own)
    return rows if visibility == "all" else rows.filter(visibility=visibility)


def readable_by(context: Context) -> SubjectQuerySet[Image]:
    """Return what the project can reach by id: also images of the community and all that are shared with it.

    Raise Forbidden.
    """
    policy.enforce(context, "image:read")
    shared = _shared_with(context, ImageMember.Status.values)
    return _unscoped_existing().filter(Q(visibility__in=["public", "community"]) | _own(context) | shared)


def _shared_with(context: Context, statuses: Iterable[str]) -> Q:
    """Return the condition of images that others share with the project, and that it has answered so."""
    if context.project is None:
        return Q(pk__in=[])
    rows = ImageMember.objects.filter(image=OuterRef("pk"), project=context.project, status__in=statuses)
    return Q(Exists(rows), visibility="shared")


def _own(context: Context) -> Q:
    return Q(project=context.project) if context.project else Q(pk__in=[])


def list_launchable(context: Context) -> list[Image]:
    """Return the active disk images of `visible_to` but those that keep a shelved instance. Raise Forbidden."""
    return list(_offered(context).exclude(disk_format__in=NO_DISKS).exclude(OF_VOLUMES))


def list_bootable(context: Context) -> list[Image]:
    """Return the same, then the ISO images, from which a system is installed. Raise Forbidden."""
    rows = list(_offered(context).exclude(disk_format__in=NO_BOOT))
    return sorted(rows, key=lambda image: image.disk_format == ISO)


def _offered(context: Context) -> SubjectQuerySet[Image]:
    return visible_to(context).filter(status=Image.Status.ACTIVE, shelved=None, hidden=False)


def get_launchable(context: Context, image_id: object) -> Image:
    """Return one active disk image of `readable_by`. Raise Forbidden, NotFound."""
    rows = _active(context).exclude(disk_format__in=NO_DISKS).exclude(OF_VOLUMES)
    return _get_row(rows, image_id, _("Choose an image."))


def get_bootable(context: Context, image_id: object) -> Image:
    """Return one active image of `readable_by` that a machine boots from: a disk, or an ISO. Raise Forbidden, NotFound."""
    return _get_row(_active(context).exclude(disk_format__in=NO_BOOT), image_id, _("Choose an image."))


def get_iso(context: Context, image_id: object) -> Image:
    """Return one active ISO image of `readable_by`. Raise Forbidden, NotFound."""
    return _get_row(_active(context).filter(disk_format=ISO), image_id, _("Choose an ISO image."))


def list_isos(context: Context) -> list[Image]:
    """Return the active ISO images of `visible_to`. Raise Forbidden."""
    return list(visible_to(context).filter(status=Image.Status.ACTIVE, disk_format=ISO, hidden=False))


def _active(context: Context) -> SubjectQuerySet[Image]:
    return readable_by(context).filter(status=Image.Status.ACTIVE)


def get_visible(context: Context, image_id: object) -> Image:
    """Return one image in any status; for administrators, of any project. Raise Forbidden, NotFound."""
    rows = readable_by(context)
    message = _("No image found with ID %(key)s") % {"key": str(image_id)[:64]}
    return _get_row(_unscoped_existing() if context.is_admin else rows, image_id, message)


def list_visible(context: Context) -> list[Image]:
    """Return the images of `visible_to`, newest first, each with the instance it was taken from.

    `keeps_shelved` is whether it is the copy that shelving made of one.
    """
    shelved = Exists(Image.objects.filter(pk=OuterRef("pk"), shelved__isnull=False))
    rows = visible_to(context).select_related("taken_from").annotate(keeps_shelved=shelved)
    return list(rows.order_by("-created_at", "-pk").with_open_operations())


def list_offered(context: Context) -> list[Image]:
    """Return the images that others share with the project, which has not answered yet. Raise Forbidden."""
    rows = of_visibility(context, "shared", ImageMember.Status.PENDING).exclude(_own(context))
    return list(rows.select_related("project").order_by("-created_at", "-pk"))


def _delete_action() -> Action:
    return registry.actions()["image.delete"]


def _unscoped_existing() -> SubjectQuerySet[Image]:
    return Image.objects.exclude(Q(status=Image.Status.DELETED) | Q(task_state=Image.DELETING))


def _get_row(rows: QuerySet[Image], image_id: object, message: str) -> Image:
    try:
        return rows.get(pk=UUID(str(image_id)))
    except (Image.DoesNotExist, ValueError) as error:
        raise NotFound(message) from error


@transaction.atomic
def create(context: Context, data: Mapping[str, Any], key: UUID | None) -> Image:
    """Make an image without data, of fields and free properties, with the id `key` if one is given.

    Raise Forbidden, BadInput, Conflict, OverQuota.
    """
    policy.enforce(context, "image:create")
    if context.project is None:
        raise Forbidden(_("Choose a project first; you have a role in none."))
    fields, free = image_fields.split(data)
    if fields.get("owner") in {None, context.project.id}:
        fields.pop("owner", None)
    wish = image_fields.clean(context, {"visibility": "shared"} | fields, free)
    image_quota.reserve(context.project, context.user, count=1)
    metadata.enforce_quota(context.project.id, None, wish.properties)
    columns = {"disk_format": "", "container_format": "", "os_type": "", "project_id": context.project.id}
    columns |= wish.columns
    if key is not None and Image.objects.filter(pk=key).exists():
        raise Conflict(_("An image has this id already."))
    image = Image(user=context.user, properties=wish.properties, **columns)
    if key is not None:
        image.pk = key
    image.save(force_insert=True)
    transitions.change(image)
    audit.record(context, "image.create", image)
    return image


def update(context: Context, image_id: object, changes: object) -> Image:
    """Change fields and properties by a JSON Patch. Raise NotFound, Forbidden, BadInput, Conflict, OverQuota."""
    image = get_visible(context, image_id)
    enforce_own(context, image, "update")
    begin(context, "image.update", image.pk, parameters={"changes": changes})
    image.refresh_from_db()
    return image


def set_active(context: Context, image_id: object, verb: str) -> None:
    """Deactivate or reactivate an image. Raise NotFound, Forbidden also if it has no data."""
    image = get_visible(context, image_id)
    enforce_own(context, image, verb)
    try:
        begin(context, f"image.{verb}", image.pk)
    except Conflict as error:
        raise Forbidden(str(error)) from error


def enforce_own(context: Context, image: Image, verb: str) -> None:
    """Raise Forbidden unless the asker's role allows the verb, and the image is the project's own."""
    policy.enforce(context, registry.actions()[f"image.{verb}"].rule(context, image))
    if not may_change(context, image):
        raise Forbidden(_("The image belongs to another project."))


@transaction.atomic
def set_tag(context: Context, image_id: object, tag: str, *, present: bool) -> None:
    """Add a tag to an image, or remove it. Raise NotFound, Forbidden, BadInput."""
    # Read under the row's lock, so that of two at once none is lost.
    image = Image.objects.select_for_update().get(pk=get_visible(context, image_id).pk)
    if not present and tag not in image.tags:
        raise NotFound(_("The image has no tag %(tag)s.") % {"tag": tag[:64]})
    tags = sorted({*image.tags, tag}) if present else [other for other in image.tags if other != tag]
    update(context, image.pk, [{"op": "replace", "path": "/tags", "value": tags}])


def delete(context: Context, image_id: object) -> Image:
    """Begin to delete an image. Raise NotFound, Forbidden, or Conflict naming the instances on it."""
    image, _operation = _begin_deletion(context, image_id)
    return image


def delete_at_once(context: Context, image_id: object) -> None:
    """Delete an image as `delete` does, here and now: clients go on as if it were gone, and may delete its project.

    A worker does what must wait for an earlier operation. If it was quicker than this process, its end is awaited.
    """
    _image, operation = _begin_deletion(context, image_id)
    if operation is not None:
        operations.execute(str(operation.pk))
        at_work = Operation.objects.open().filter(pk=operation.pk, lease_until__isnull=False)
        until = time.monotonic() + DELETE_SECONDS
        while at_work.exists() and time.monotonic() < until:
            time.sleep(0.02)


def _begin_deletion(context: Context, image_id: object) -> tuple[Image, Operation | None]:
    image = get_visible(context, image_id)
    enforce_own(context, image, "delete")
    if image.protected:  # Glance forbids it, whatever the state
        raise Forbidden(_delete_action().blocker(image))
    return image, begin(context, "image.delete", image.pk)


def set_metadata(context: Context, image: Image, parameters: dict[str, Any]) -> None:
    """Change the properties of an image. Raise Forbidden, BadInput, Conflict, OverQuota."""
    enforce_set_metadata(context, image)
    begin(context, "image.set_metadata", image.pk, parameters=parameters)


def enforce_set_metadata(context: Context, image: Image) -> None:
    """Raise Forbidden unless the asker may change the properties of the image."""
    policy.enforce(context, registry.actions()["image.set_metadata"].rule(context, image))


def may_delete(context: Context, image: Image) -> bool:
    """Return whether the asker may delete the image: by role, as its owner, and while it is not protected."""
    return (
        policy.allows(context, _delete_action().rule(context, image))
        and may_change(context, image)
        and not image.protected
    )


def may_update(context: Context, image: Image) -> bool:
    """Return whether the asker may change the image: by role, and as its owner."""
    rule = registry.actions()["image.update"].rule(context, image)
    return policy.allows(context, rule) and may_change(context, image)


def may_change(context: Context, image: Image) -> bool:
    """Return whether the image is the project's own, or the asker an administrator."""
    return context.is_admin or (context.project is not None and image.project_id == context.project.id)


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
    name, source = image.volume_name, image_files.source_of(image)
    if image.disk_format in {*RAW_FORMATS, "qcow2"}:
        pool.import_file(name, source, image.volume_format, progress)
    else:
        pool.convert_file(name, source, image.disk_format, progress)
