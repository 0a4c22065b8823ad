"""Images from which instances boot."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.images.models import Image
from compute.images.services import image_users
from compute.instances.models import Instance
from compute.volumes.models import Disk


def image_of(instance: Instance) -> Image:
    """Return the instance's image. Raise Conflict if it was deleted."""
    if instance.image is None:
        raise Conflict(_("The image of this instance was deleted. Launch from another one."))
    return instance.image


def register() -> None:
    """Register instances as users of images. Call it once at start."""
    image_users.register(_instances_on)


def _instances_on(image_id: UUID) -> Iterable[str]:
    in_drive = Q(disks__image=image_id, disks__role=Disk.Role.CDROM)
    rows = Instance.objects.existing().filter(Q(image=image_id) | Q(rescue_image=image_id) | in_drive)
    return rows.values_list("name", flat=True).distinct()
