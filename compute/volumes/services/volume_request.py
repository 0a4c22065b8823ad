"""Requests for new volumes, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, NotFound
from accounts.names import clean_name
from accounts.services import inputs, quotas
from compute.engine.services import metadata
from compute.hosts.services import aggregates
from compute.images.models import Image
from compute.images.services import images
from compute.volumes.models import Backup, Volume, VolumeSnapshot
from compute.volumes.services import backups, volume_snapshots, volume_types, volumes
from compute.volumes.states import SnapshotState

GIB = 2**30
MOST_GIB = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRequest:
    """A request for a volume as people and clients make it. A size of None is the source's."""

    name: object = ""
    description: object = ""
    size: object = None
    type: object = None
    zone: object = ""
    image_id: object = None
    source_volume_id: object = None
    snapshot_id: object = None
    backup_id: object = None
    metadata: object = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRequest:
    """A request that can be met, apart from quota. `source` names for the audit log what the volume is made of."""

    size_gib: int
    columns: Mapping[str, Any]
    image: Image | None
    volume: Volume | None
    snapshot: VolumeSnapshot | None
    backup: Backup | None
    source: Mapping[str, str]


def check(context: Context, request: VolumeRequest) -> CheckedRequest:
    """Return the checked request. Raise BadInput naming every wrong field."""
    wrong: dict[str, Any] = {}
    columns: dict[str, Any] = {}
    sources: dict[str, Any] = {}

    request = _of_snapshot(context, request)

    def attempt(name: str, check_field: Any, target: dict[str, Any]) -> None:
        try:
            target[name] = check_field()
        except NotFound as error:
            wrong[name] = error.text
        except BadInput as error:
            wrong.update(error.fields or {name: error.text})

    attempt("name", lambda: clean_name(request.name) if request.name else "", columns)
    attempt(
        "description", lambda: inputs.text({"description": request.description or ""}, "description"), columns
    )
    attempt("metadata", lambda: metadata.clean(request.metadata or {}), columns)
    attempt("type", lambda: volume_types.choose(context, request.type), columns)
    attempt("requested_zone", lambda: _zone(request.zone), columns)
    attempt("image_id", lambda: _image(context, request.image_id), sources)
    attempt("source_volume_id", lambda: _volume(context, request.source_volume_id), sources)
    attempt("snapshot_id", lambda: _snapshot(context, request.snapshot_id), sources)
    attempt("backup_id", lambda: _backup(context, request.backup_id), sources)
    image, source = sources.get("image_id"), sources.get("source_volume_id")
    snapshot, backup = sources.get("snapshot_id"), sources.get("backup_id")
    if [image, source, snapshot, backup].count(None) < 3:
        wrong["source_volume_id"] = _("Choose one source only: an image, a volume, a snapshot or a backup.")
    size = {"size": 0}
    attempt("size", lambda: _size(request.size, image, source or snapshot or backup), size)
    if wrong:
        raise BadInput(fields=wrong)
    if backup is not None and not columns["metadata"]:
        columns["metadata"] = backup.volume_metadata
    if context.project is not None:
        metadata.enforce_quota(context.project.pk, None, columns["metadata"])
    columns |= _inherited(image, source, snapshot, backup)
    named = {"image": image, "volume": source, "snapshot": snapshot, "backup": backup}
    return CheckedRequest(
        size_gib=size["size"],
        columns=columns,
        image=image,
        volume=source,
        snapshot=snapshot,
        backup=backup,
        source={noun: str(row) for noun, row in named.items() if row is not None},
    )


def _of_snapshot(context: Context, request: VolumeRequest) -> VolumeRequest:
    """Return the request with a snapshot in place of an image that is none of data (Cinder, microversion 3.46)."""
    try:
        image = images.get_bootable(context, request.image_id) if request.image_id else None
    except NotFound:
        return request
    if image is None or not image.is_of_volumes:
        return request
    return replace(request, image_id="", snapshot_id=image.boot_snapshot_id or str(image.pk))


def parse_size(value: object, field_name: str = "size") -> int:
    """Return a size in GiB. Raise BadInput."""
    number = quotas.whole_number(value)
    if number is None or not 1 <= number <= MOST_GIB:
        raise BadInput(
            fields={field_name: _("Give a whole number of GiB from 1 to %(most)s.") % {"most": MOST_GIB}}
        )
    return number


def least_gib(image: Image) -> int:
    """Return the GiB that a volume with the image's content needs."""
    return max(1, image.min_disk_gib, -(-image.virtual_size // GIB))


def _size(value: object, image: Image | None, source: Volume | VolumeSnapshot | Backup | None) -> int:
    least = source.size_gib if source else least_gib(image) if image else 1
    size = least if value in (None, "") and (image or source) else parse_size(value)
    if size < least:
        raise BadInput(fields={"size": _("Its content needs at least %(least)s GiB.") % {"least": least}})
    return size


def _zone(value: object) -> str:
    if not value:
        return ""
    zones = sorted(aggregates.zones())
    if value not in zones:
        raise BadInput(
            fields={
                "zone": _("There is no such availability zone; there are %(zones)s.")
                % {"zones": ", ".join(zones)}
            }
        )
    return str(value)


def _image(context: Context, key: object) -> Image | None:
    if not key:
        return None
    return images.get_launchable(context, key)


def _volume(context: Context, key: object) -> Volume | None:
    if not key:
        return None
    policy.enforce(context, "volume:read")
    return volumes.get(context, key)


def _snapshot(context: Context, key: object) -> VolumeSnapshot | None:
    if not key:
        return None
    snapshot = volume_snapshots.get(context, key)
    if snapshot.status != SnapshotState.AVAILABLE or snapshot.task_state:
        raise BadInput(_("The snapshot is %(status)s.") % {"status": snapshot.shown_status})
    return snapshot


def _backup(context: Context, key: object) -> Backup | None:
    return backups.get_available(context, key) if key else None


def _inherited(
    image: Image | None, source: Volume | None, snapshot: VolumeSnapshot | None, backup: Backup | None
) -> dict[str, Any]:
    """Return the columns that follow from the source."""
    if backup is not None:
        return {
            "backup": backup,
            "bootable": backup.bootable,
            "image_metadata": backup.image_metadata,
        }
    if snapshot is not None:
        return {
            "snapshot": snapshot,
            "bootable": snapshot.volume.bootable,
            "image_metadata": snapshot.volume.image_metadata,
        }
    if image is not None:
        return {"image": image, "bootable": True, "image_metadata": image_fields_of(image)}
    if source is not None:
        return {
            "source_volume_id": source.pk,
            "bootable": source.bootable,
            "image_metadata": source.image_metadata,
        }
    return {}


def image_fields_of(image: Image) -> dict[str, str]:
    """Return the fields and properties that a volume keeps of its image (Cinder, volume_image_metadata)."""
    fields = {
        "image_id": str(image.pk),
        "image_name": image.name,
        "checksum": image.checksum,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": str(image.min_disk_gib),
        "min_ram": str(image.min_ram_mib),
        "size": str(image.size),
        "os_type": image.os_type,
        "os_admin_user": image.default_user,
    }
    return {**image.properties, **{name: value for name, value in fields.items() if value}}
