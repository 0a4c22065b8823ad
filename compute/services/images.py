"""Images that the asker may launch from, and their way into hypervisors' pools."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, NotFound
from compute.driver.storage import Pool
from compute.models import Flavor, Image, Instance
from compute.services import hardware, hosts


def visible(context: Context) -> QuerySet[Image]:
    """Public images and the project's own, whatever their status. Raises Forbidden."""
    policy.enforce(context, "image:read")
    return Image.objects.filter(Q(visibility="public") | Q(project=context.project))


def listing(context: Context) -> list[Image]:
    """Active images: public ones and the project's own."""
    policy.enforce(context, "image:read")
    return list(
        Image.objects.filter(
            Q(visibility="public") | Q(project=context.project), status=Image.Status.ACTIVE
        ).distinct()
    )


def get(context: Context, image_id: object) -> Image:
    """One image of `listing`. Raises NotFound."""
    policy.enforce(context, "image:read")
    try:
        wanted = UUID(str(image_id))
    except ValueError as error:
        raise NotFound(_("Choose an image.")) from error
    found = Image.objects.filter(
        Q(visibility="public") | Q(project=context.project), status=Image.Status.ACTIVE, pk=wanted
    ).first()
    if found is None:
        raise NotFound(_("Choose an image."))
    return found


def of(instance: Instance) -> Image:
    """The instance's image. Raises Conflict when it was deleted meanwhile."""
    if instance.image is None:
        raise Conflict(_("The image of this instance was deleted. Launch from another one."))
    return instance.image


def does_not_fit(image: Image, flavor: Flavor) -> str:
    """Why the image cannot be launched in this flavor; empty when it can."""
    if flavor.ephemeral_gib or flavor.swap_mib:
        return _("This size has ephemeral or swap disks, which cannot be made yet.")
    if flavor.ram_mib < image.min_ram_mib:
        return _("%(image)s needs %(needed)s MiB of memory.") % {
            "image": image.name,
            "needed": image.min_ram_mib,
        }
    needed = max(image.min_disk_gib, -(-image.virtual_size // 2**30))
    if flavor.disk_gib < needed:
        return _("%(image)s needs %(needed)s GiB of disk.") % {"image": image.name, "needed": needed}
    return hardware.refusal(flavor.extra_specs, image.properties, flavor.vcpus)


def bring(image: Image, pool: Pool, progress: Callable[[int, int], None]) -> None:
    """Copy the image into the pool unless it is there; `progress(done, total)` counts bytes."""
    pool.import_file(
        image.volume_name,
        hosts.IMAGES / str(image.pk),
        "qcow2" if image.disk_format == "qcow2" else "raw",
        progress,
    )
