"""Images that the asker may launch from, and their way into hypervisors' pools."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, NotFound
from accounts.services import announcements, audit
from compute.driver.storage.pool import Pool
from compute.engine.models import Operation
from compute.hosts.services import hosts
from compute.images.models import Image
from compute.instances.models import Flavor, Instance
from compute.instances.services import hardware

NAMED = 5
"""How many instances a refusal names."""

DELETED = gettext_lazy("The image was deleted meanwhile. Choose another one.")


def visible(context: Context) -> QuerySet[Image]:
    """Public images and the project's own, whatever their status. Raises Forbidden."""
    policy.enforce(context, "image:read")
    own = Q(project=context.project) if context.project else Q(pk__in=[])
    return _kept().filter(Q(visibility="public") | own)


def listing(context: Context) -> list[Image]:
    """Active images: public ones and the project's own."""
    return list(visible(context).filter(status=Image.Status.ACTIVE))


def get(context: Context, image_id: object) -> Image:
    """One image of `listing`. Raises NotFound."""
    return _one(visible(context).filter(status=Image.Status.ACTIVE), image_id, _("Choose an image."))


def find(context: Context, image_id: object) -> Image:
    """One image, whatever its status; administrators reach those of every project. Raises NotFound."""
    rows = visible(context)
    missing = _("No image found with ID %(key)s") % {"key": str(image_id)[:64]}
    return _one(_kept() if context.is_admin else rows, image_id, missing)


def shown(context: Context) -> list[Image]:
    """All that the asker may see, newest first, each with the instance it was taken from."""
    return list(visible(context).select_related("taken_from").order_by("-created_at", "-pk"))


def being_taken(context: Context) -> dict[str, Operation]:
    """Image's id → the operation of the project that makes it."""
    rows = Operation.objects.open().visible_to(context).filter(kind__in=("take_image", "shelve"))
    return {operation.parameters["image"]: operation for operation in rows}


def may_delete(context: Context, image: Image) -> bool:
    return policy.allows(context, _deletion(image))


def _deletion(image: Image) -> str:
    return "image:delete_public" if image.visibility == "public" else "image:delete"


def _kept() -> QuerySet[Image]:
    return Image.objects.exclude(status=Image.Status.DELETED)


def _one(rows: QuerySet[Image], image_id: object, missing: str) -> Image:
    try:
        return rows.get(pk=UUID(str(image_id)))
    except (Image.DoesNotExist, ValueError) as error:
        raise NotFound(missing) from error


@transaction.atomic
def delete(context: Context, image_id: object) -> Image:
    """Offer it no longer; its files go a moment later, and one that is being taken is not finished.

    Raises NotFound, Forbidden, Conflict naming the instances whose disks stand on it.
    """
    found = find(context, image_id)
    policy.enforce(context, _deletion(found))
    # Whoever launches from it meanwhile has this row's lock until their instance is there to be seen.
    image = _one(_kept().select_for_update(), found.pk, _("Choose an image."))
    if image.status == Image.Status.ACTIVE and (above := list(instances_on(image)[: NAMED + 1])):
        names = ", ".join([instance.name for instance in above[:NAMED]] + ["…"] * (len(above) > NAMED))
        raise Conflict(
            _(
                "%(image)s is in use: the disks of %(names)s stand on it. "
                "Delete or rebuild them first; those in the recycle bin count too."
            )
            % {"image": image.name, "names": names}
        )
    discard(image)
    audit.record(
        context,
        "image.delete",
        target_type="image",
        target_id=str(image.pk),
        target_name=image.name,
        project_id=image.project_id,
    )
    return image


def discard(image: Image) -> None:
    """Let it be nobody's; `image_files.sweep` removes its files."""
    change(image, status=Image.Status.DELETED)


def discard_unused(image_id: UUID) -> bool:
    """Discard an image unless disks stand on it; whether it was. Call it in a transaction."""
    # Whoever launches from it meanwhile has this row's lock until their instance is there to be seen.
    image = _kept().select_for_update().filter(pk=image_id).first()
    if image is None or instances_on(image).exists():
        return False
    discard(image)
    return True


def thin(taken: QuerySet[Image], keep: int, **detail: Any) -> None:
    """Delete all of them but the newest `keep`; one that disks stand on stays. `detail` tells the audit log why."""
    for image in taken.filter(status=Image.Status.ACTIVE).order_by("-created_at", "-pk")[keep:]:
        if discard_unused(image.pk):
            audit.record(
                None,
                "image.delete",
                target_type="image",
                target_id=str(image.pk),
                target_name=image.name,
                project_id=image.project_id or "",
                detail={**detail, "keep": keep},
            )


def backups(instance: Instance, kind: str) -> QuerySet[Image]:
    """What was taken of it as a backup of this kind, `daily` for one."""
    return instance.images_taken.filter(properties__image_type="backup", properties__backup_type=kind)


def change(image: Image, **fields: Any) -> None:
    """Write fields of an image that was not deleted meanwhile, and let open pages know."""
    _kept().filter(pk=image.pk).update(**fields, updated_at=timezone.now())
    if image.project_id:
        announcements.changed(image.project_id, "images")


def instances_on(image: Image) -> QuerySet[Instance]:
    """Instances whose disks stand on it, or soon will; also the one that it is being taken from."""
    wanting = Operation.objects.open().filter(parameters__image=str(image.pk)).values("instance")
    mine = Q(image=image) | Q(rescue_image=image) | Q(pk__in=wanting)
    return Instance.objects.existing().filter(mine).order_by("name", "pk")


def known(image_id: UUID | str) -> Image:
    """The image that an operation is about. Raises Conflict when it was deleted meanwhile."""
    image = _kept().filter(pk=image_id).first()
    if image is None:
        raise Conflict(DELETED)
    return image


def of(instance: Instance) -> Image:
    """The instance's image. Raises Conflict when it was deleted meanwhile."""
    if instance.image is None:
        raise Conflict(_("The image of this instance was deleted. Launch from another one."))
    return instance.image


def does_not_fit(image: Image, flavor: Flavor) -> str:
    """Why the image cannot be launched in this flavor; empty when it can."""
    if flavor.ephemeral_gib or flavor.swap_mib:
        return _("This size has ephemeral or swap disks, which cannot be made yet.")
    if reason := too_large(image, flavor.ram_mib, flavor.disk_gib):
        return reason
    return hardware.refusal(flavor.extra_specs, image.properties, flavor.vcpus)


def too_large(image: Image, ram_mib: int, disk_gib: int) -> str:
    """Why an instance of these sizes cannot be made from the image; empty when it can."""
    if ram_mib < image.min_ram_mib:
        return _("%(image)s needs %(needed)s MiB of memory.") % {
            "image": image.name,
            "needed": image.min_ram_mib,
        }
    needed = max(image.min_disk_gib, -(-image.virtual_size // 2**30))
    if disk_gib < needed:
        return _("%(image)s needs %(needed)s GiB of disk.") % {"image": image.name, "needed": needed}
    return ""


def bring(image: Image, pool: Pool, progress: Callable[[int, int], None]) -> None:
    """Copy the image into the pool unless it is there; `progress(done, total)` counts bytes. Raises Conflict."""
    known(image.pk)
    pool.import_file(
        image.volume_name,
        hosts.IMAGES / str(image.pk),
        "qcow2" if image.disk_format == "qcow2" else "raw",
        progress,
    )
