"""Block devices of a launch request: volumes to attach, and volumes to make.

Clients write them as Nova's `block_device_mapping_v2` (API reference, servers, create server).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.models import Project, User
from compute.engine.models.subject import Subject
from compute.images.models import Image
from compute.volumes.models import Backup, Volume, VolumeSnapshot
from compute.volumes.services import volume_quota, volume_request, volumes
from compute.volumes.services.volume_request import CheckedRequest, VolumeRequest
from compute.volumes.states import VolumeState

FIELD = "block_devices"
MOST = 20
Source = Literal["volume", "image", "snapshot", "backup", "blank"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDevice:
    """A volume that a new instance is to have. `key` is the id of the source, `size` in GiB that of a new volume."""

    source: Source
    key: object = None
    boots: bool = False
    size: object = None
    type: object = None
    delete_on_termination: bool = False
    device: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDevice:
    """A present volume, or the request for a new one."""

    wish: BlockDevice
    volume: Volume | None
    new: CheckedRequest | None

    @property
    def image(self) -> Image | None:
        """Return the image that a new volume is made of."""
        return self.new.image if self.new else None

    @property
    def snapshot(self) -> VolumeSnapshot | None:
        """Return the snapshot that a new volume is made of."""
        return self.new.snapshot if self.new else None

    @property
    def backup(self) -> Backup | None:
        """Return the backup that a new volume is made of."""
        return self.new.backup if self.new else None

    @property
    def shared(self) -> list[Subject]:
        """Return what a new volume is made of, which must stay until it is."""
        return [row for row in (self.image, self.snapshot, self.backup) if row is not None]

    @property
    def properties(self) -> dict[str, str]:
        """Return the properties of the image that the system came from."""
        if self.image is not None:
            return dict(self.image.properties)
        if self.new is not None:
            return dict(self.new.columns.get("image_metadata", {}))
        return dict(self.volume.image_metadata) if self.volume else {}


def check(context: Context, wishes: object, count: int) -> list[CheckedDevice]:
    """Return the checked devices, the one that the instance boots from first. Raise BadInput."""
    devices = list(wishes) if isinstance(wishes, list | tuple) else []
    if (wishes and not devices) or not all(isinstance(device, BlockDevice) for device in devices):
        raise BadInput(fields={FIELD: _("Give a list of block devices.")})
    if len(devices) > MOST:
        raise BadInput(fields={FIELD: _("Attach at most %(most)s volumes.") % {"most": MOST}})
    if sum(device.boots for device in devices) > 1:
        raise BadInput(fields={FIELD: _("An instance boots from one device only.")})
    present = [str(device.key) for device in devices if device.source == "volume"]
    if present and (count > 1 or len(set(present)) < len(present)):
        raise BadInput(fields={FIELD: _("A volume can be attached to one instance only.")})
    checked = []
    for device in devices:
        try:
            checked.append(_check(context, device))
        except NotFound as error:
            raise BadInput(fields={FIELD: error.text}) from error
        except BadInput as error:
            raise BadInput(fields={FIELD: next(iter(error.fields.values()), error.text)}) from error
    return sorted(checked, key=lambda device: not device.wish.boots)


def reserve(
    project: Project,
    user: User | None,
    devices: Iterable[CheckedDevice],
    count: int,
    amounts: Mapping[str, int],
) -> None:
    """Reserve quota for `count` instances that take `amounts`, and for their new volumes. Raise OverQuota."""
    sizes = [device.new.size_gib for device in devices if device.new]
    volume_quota.reserve(
        project,
        user,
        count=count * len(sizes),
        size_gib=count * sum(sizes),
        largest_gib=max(sizes, default=0),
        more=amounts,
    )


def _check(context: Context, device: BlockDevice) -> CheckedDevice:
    if device.source == "volume":
        return CheckedDevice(wish=device, volume=_available(context, device), new=None)
    request = VolumeRequest(
        size=device.size,
        type=device.type,
        image_id=device.key if device.source == "image" else None,
        snapshot_id=device.key if device.source == "snapshot" else None,
        backup_id=device.key if device.source == "backup" else None,
    )
    if device.source != "blank" and not device.key:
        raise BadInput(_("Choose what the volume is made of."))
    checked = CheckedDevice(wish=device, volume=None, new=volume_request.check(context, request))
    if device.boots and not (checked.new and checked.new.columns.get("bootable")):
        source = checked.snapshot or checked.backup or _("The volume")
        raise BadInput(_("%(volume)s holds no system to boot from.") % {"volume": source})
    return checked


def _available(context: Context, device: BlockDevice) -> Volume:
    volume = volumes.get(context, device.key)
    if volume.status != VolumeState.AVAILABLE or volume.task_state:
        raise BadInput(_("%(volume)s is in use or just changing. Detach it first.") % {"volume": volume})
    if context.project is None or volume.project_id != context.project.pk:
        raise BadInput(_("The volume belongs to another project."))
    if device.boots and not volume.bootable:
        raise BadInput(_("%(volume)s holds no system to boot from.") % {"volume": volume})
    return volume
