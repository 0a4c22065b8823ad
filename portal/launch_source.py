"""What a launch boots from: an image, on the size's own disk or on a new volume; or a volume, or a copy of one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.context import Context
from accounts.services import quotas
from compute.images.models import Image
from compute.images.services import images
from compute.instances.models import Flavor
from compute.instances.services import hardware, resources, volume_images
from compute.instances.services.block_devices import BlockDevice
from compute.volumes.models import Backup, Volume, VolumeSnapshot
from compute.volumes.services import backups, volume_quota, volume_request, volume_snapshots, volumes
from compute.volumes.states import SnapshotState, VolumeState

IMAGE, VOLUME, SNAPSHOT, BACKUP = "image", "volume", "snapshot", "backup"
MOST = 200
"""Rows to choose from."""


Row = TypeVar("Row", Volume, VolumeSnapshot, Backup)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The chosen row. With `volume_gib` each instance gets a new volume of that size with its content."""

    image: Image | None = None
    volume: Volume | None = None
    snapshot: VolumeSnapshot | None = None
    backup: Backup | None = None
    volume_gib: int = 0
    new_volumes: int = 1
    """How many new volumes these GiB are of."""

    @property
    def row(self) -> Image | Volume | VolumeSnapshot | Backup | None:
        return self.image or self.volume or self.snapshot or self.backup

    @property
    def properties(self) -> dict[str, str]:
        """Return the properties of the image that the system came from."""
        if self.image is not None:
            return dict(self.image.properties)
        volume = self.snapshot.volume if self.snapshot else self.volume
        return dict(volume.image_metadata if volume else self.backup.image_metadata if self.backup else {})

    def __bool__(self) -> bool:
        return self.row is not None

    def __str__(self) -> str:
        return self.image.name if self.image else str(self.row or "")

    def refusal(self, flavor: Flavor) -> str:
        """Return why a size cannot boot from it; empty if it can."""
        disk_gib = self.volume_gib or flavor.disk_gib
        reason = images.too_large(self.image, flavor.ram_mib, disk_gib) if self.image else ""
        return reason or hardware.refusal(flavor.extra_specs, self.properties, flavor.vcpus)

    def amounts(self, flavor: Flavor, count: int) -> dict[str, int]:
        """Return the amounts of resources that `count` instances and their new volumes take."""
        has_own_disk = self.image is not None and not self.volume_gib
        amounts = resources.amounts(flavor, count, root_disk=has_own_disk or not self)
        if self.volume_gib:
            amounts[volume_quota.SIZE] += count * self.volume_gib
            amounts[volume_quota.COUNT] = count * self.new_volumes
        return amounts

    def words(self) -> list[tuple[str, str]]:
        """Return the options of the `openstack` command."""
        if self.volume is not None:
            return [("--volume", self.volume.name or str(self.volume.pk))]
        if self.snapshot is not None:
            return [("--snapshot", self.snapshot.name or str(self.snapshot.pk))]
        if self.backup is not None:
            return [("--volume", f"VOLUME_OF_{self.backup}")]
        is_wish = self.volume_gib and self.image is not None and not self.image.is_of_volumes
        new_volume = [("--boot-from-volume", str(self.volume_gib))] if is_wish else []
        return [("--image", self.image.name if self.image else ""), *new_volume]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What an instance can boot from besides images, of the project's own."""

    volumes: list[Volume]
    snapshots: list[VolumeSnapshot]
    backups: list[Backup]

    kinds: ClassVar[tuple[tuple[str, Promise], ...]] = (
        (IMAGE, gettext_lazy("Image")),
        (VOLUME, gettext_lazy("Volume")),
        (SNAPSHOT, gettext_lazy("Snapshot")),
        (BACKUP, gettext_lazy("Backup")),
    )

    def __bool__(self) -> bool:
        return bool(self.volumes or self.snapshots or self.backups)


def choices(context: Context) -> Choices:
    """Return the choices as they are now, in three queries."""
    own = {"project": context.project, "task_state": None}
    snapshots = volume_snapshots.visible_to(context).select_related("volume")
    return Choices(
        volumes=list(
            volumes.visible_to(context)
            .filter(status=VolumeState.AVAILABLE, bootable=True, **own)
            .order_by("name", "created_at")[:MOST]
        ),
        snapshots=list(snapshots.filter(status=SnapshotState.AVAILABLE, volume__bootable=True, **own)[:MOST]),
        backups=list(backups.visible_to(context).available().filter(bootable=True, **own)[:MOST]),
    )


def chosen(offered: Choices, image: Image | None, values: Mapping[str, str]) -> Source:
    """Return the source that the page's present values mean; an empty one where the choice is not complete."""
    kind = values.get("source", "")
    if kind == VOLUME:
        return Source(volume=_find(offered.volumes, values, "volume_id"))
    if kind == SNAPSHOT:
        snapshot = _find(offered.snapshots, values, "snapshot_id")
        return Source(snapshot=snapshot, volume_gib=snapshot.size_gib if snapshot else 0)
    if kind == BACKUP:
        backup = _find(offered.backups, values, "backup_id")
        return Source(backup=backup, volume_gib=backup.size_gib if backup else 0)
    if image is not None and image.is_of_volumes:
        sizes = volume_images.sizes(image)
        return Source(image=image, volume_gib=sum(sizes), new_volumes=len(sizes))
    if image is None or not values.get("on_volume"):
        return Source(image=image)
    least = volume_request.least_gib(image)
    return Source(image=image, volume_gib=max(least, quotas.whole_number(values["volume_size"]) or least))


def device(values: Mapping[str, Any]) -> list[BlockDevice]:
    """Return the block device of such values; none for an image on the size's own disk."""
    kind = values.get("source")
    if kind == VOLUME:
        return [BlockDevice(source="volume", key=values.get("volume_id"), boots=True)]
    if kind == SNAPSHOT:
        return [BlockDevice(source="snapshot", key=values.get("snapshot_id"), boots=True)]
    if kind == BACKUP:
        return [BlockDevice(source="backup", key=values.get("backup_id"), boots=True)]
    if values.get("on_volume"):
        size = values.get("volume_size") or None
        return [BlockDevice(source="image", key=values.get("image_id"), boots=True, size=size)]
    return []


def _find(rows: Iterable[Row], values: Mapping[str, str], name: str) -> Row | None:
    return next((row for row in rows if str(row.pk) == values.get(name)), None)
