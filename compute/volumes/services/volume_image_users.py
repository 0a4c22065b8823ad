"""Register volumes as users of the images that their disks stand on."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from compute.images.services import image_users
from compute.volumes.models import Volume


def register() -> None:
    """Register with images. Call it once at start."""
    image_users.register(_volumes_on)


def _volumes_on(image_id: UUID) -> Iterable[str]:
    stands_on = Q(disk__image=image_id) | Q(disk__layers__image=image_id)
    return map(str, Volume.objects.existing().filter(stands_on).distinct())
