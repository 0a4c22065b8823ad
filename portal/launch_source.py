"""What a launch boots from: an image, on the size's own disk or on a new volume, or a volume that there is."""

from dataclasses import dataclass

from accounts.context import Context
from accounts.services import quotas
from compute.images.models import Image
from compute.images.services import images
from compute.instances.models import Flavor
from compute.instances.services import hardware, image_requirements, resources
from compute.instances.services.block_devices import BlockDevice
from compute.volumes.models import Volume
from compute.volumes.services import volume_quota, volume_request, volumes
from compute.volumes.states import VolumeState

IMAGE, VOLUME = "image", "volume"
MOST_VOLUMES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The chosen image or volume. With `volume_gib` each instance gets a new volume of that size with the image."""

    image: Image | None = None
    volume: Volume | None = None
    volume_gib: int = 0

    def __bool__(self) -> bool:
        return self.image is not None or self.volume is not None

    def __str__(self) -> str:
        return self.image.name if self.image else str(self.volume or "")

    def refusal(self, flavor: Flavor) -> str:
        """Return why a size cannot boot from it; empty if it can."""
        if self.volume is not None:
            return hardware.refusal(flavor.extra_specs, self.volume.image_metadata, flavor.vcpus)
        if self.image is None:
            return ""
        if not self.volume_gib:
            return image_requirements.refusal(self.image, flavor)
        return images.too_large(self.image, flavor.ram_mib, self.volume_gib) or hardware.refusal(
            flavor.extra_specs, self.image.properties, flavor.vcpus
        )

    def amounts(self, flavor: Flavor, count: int) -> dict[str, int]:
        """Return the amounts of resources that `count` instances and their new volumes take."""
        has_own_disk = self.volume is None and not self.volume_gib
        amounts = resources.amounts(flavor, count, root_disk=has_own_disk)
        if self.volume_gib:
            amounts[volume_quota.SIZE] += count * self.volume_gib
            amounts[volume_quota.COUNT] = count
        return amounts

    def words(self) -> list[tuple[str, str]]:
        """Return the options of the `openstack` command."""
        if self.volume is not None:
            return [("--volume", self.volume.name or str(self.volume.pk))]
        new_volume = [("--boot-from-volume", str(self.volume_gib))] if self.volume_gib else []
        return [("--image", self.image.name if self.image else ""), *new_volume]


def chosen(
    context: Context, source: str, image: Image | None, volume_id: str, on_volume: bool, size: str
) -> Source:
    """Return the source that the page's present values mean; an empty one where the choice is not complete."""
    if source == VOLUME:
        return Source(volume=next((row for row in bootable(context) if str(row.pk) == volume_id), None))
    if image is None or not on_volume:
        return Source(image=image)
    least = volume_request.least_gib(image)
    return Source(image=image, volume_gib=max(least, quotas.whole_number(size) or least))


def device(source: str, image_id: str, volume_id: str, on_volume: bool, size: str) -> list[BlockDevice]:
    """Return the block device of such values; none for an image on the size's own disk."""
    if source == VOLUME:
        return [BlockDevice(source="volume", key=volume_id, boots=True)]
    if on_volume:
        return [BlockDevice(source="image", key=image_id, boots=True, size=size or None)]
    return []


def bootable(context: Context) -> list[Volume]:
    """Return the project's volumes that an instance can boot from now."""
    rows = volumes.visible_to(context).filter(
        status=VolumeState.AVAILABLE, task_state=None, bootable=True, project=context.project
    )
    return list(rows.order_by("name", "created_at")[:MOST_VOLUMES])
