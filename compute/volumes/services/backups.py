"""Backups of volumes in their projects' scope."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.locking import lock_all
from accounts.models import AuditEvent, Project
from accounts.models.one_of import OneOf
from accounts.names import clean_name
from accounts.services import audit, inputs
from compute.engine import operations
from compute.engine.actions.begin import begin
from compute.engine.models import Operation
from compute.engine.services import metadata, transitions
from compute.volumes.models import Backup, Volume, VolumeSnapshot
from compute.volumes.models.backup import BackupQuerySet
from compute.volumes.services import volume_quota, volume_snapshots, volumes
from compute.volumes.states import READY, BackupState, BackupTask, SnapshotState, VolumeState, VolumeTask


def visible_to(context: Context, *, all_projects: bool = False) -> BackupQuerySet:
    """Return the project's backups; with `all_projects`, administrators' view of all. Raise Forbidden."""
    policy.enforce(context, "backup:read")
    return Backup.objects.existing().visible_to(context, all_projects=all_projects).reading(_attach_needs)


def _attach_needs(rows: list[Backup]) -> None:
    """Read whether later backups have only what changed since each."""
    later = (
        Backup.objects.existing()
        .filter(OneOf("parent_id", [row.pk for row in rows]))
        .exclude(task_state=BackupTask.DELETING)
    )
    needed = set(later.values_list("parent", flat=True))
    for row in rows:
        row.is_needed = row.pk in needed


def get(context: Context, key: object) -> Backup:
    """Return one backup; for administrators, of any project. Raise Forbidden, NotFound."""
    try:
        return visible_to(context, all_projects=True).get(pk=UUID(str(key)))
    except (Backup.DoesNotExist, ValueError) as error:
        raise NotFound(_("Backup %(id)s could not be found.") % {"id": str(key)[:64]}) from error


def get_available(context: Context, key: object) -> Backup:
    """Return one backup whose data can be restored. Raise Forbidden, NotFound, BadInput."""
    backup = get(context, key)
    if not Backup.objects.available().filter(pk=backup.pk).exists():
        raise BadInput(_("The backup is %(status)s.") % {"status": backup.shown_status})
    return backup


def lock(backup: Backup) -> Backup:
    """Lock a backup that is to be restored, and return it. Raise Conflict if it changes."""
    lock_all(Backup.objects.select_for_update(no_key=True).filter(pk=backup.pk))
    row = Backup.objects.get(pk=backup.pk)
    if row.status != BackupState.AVAILABLE or row.task_state:
        raise Conflict(_("The backup is %(status)s.") % {"status": row.shown_status})
    return row


def act(
    context: Context, key: object, verb: str, parameters: Mapping[str, Any] | None = None
) -> Operation | None:
    """Begin a verb on a backup. Raise NotFound, Forbidden, Conflict, BadInput."""
    return begin(context, f"backup.{verb}", get(context, key).pk, parameters=dict(parameters or {}))


@transaction.atomic
def create(
    context: Context,
    volume_id: object,
    *,
    name: object = "",
    description: object = "",
    texts: object = None,
    incremental: bool = False,
    of_used: bool = True,
    snapshot_id: object = None,
) -> Backup:
    """Begin to back up a volume, or one of its snapshots; `of_used` also while an instance has it.

    An `incremental` one has only what changed since the newest backup, if the disk has noted that; else it has all.
    Raise Forbidden, NotFound, BadInput, OverQuota, Conflict if the volume is changing, has no data, or has no backup
    for an increment.
    """
    policy.enforce(context, "backup:create")
    project_id = volumes.get(context, volume_id).project_id
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    holders = volume_snapshots.holders_of(volumes.get(context, volume_id))
    for holder in holders:
        lock_all(type(holder)._default_manager.select_for_update().filter(pk=holder.pk))
    volume = (
        Volume.objects.select_for_update(of=("self",))
        .select_related("disk")
        .get(pk=volumes.get(context, volume_id).pk)
    )
    snapshot = _snapshot(context, volume, snapshot_id)
    if volume.task_state or volume.status not in (READY if of_used or snapshot else {VolumeState.AVAILABLE}):
        raise Conflict(_("The volume is %(status)s.") % {"status": volume.shown_status})
    if volume_snapshots.holders_of(volume) != holders:
        raise Conflict(_("It is just being changed by somebody else. Try again."))
    cleaned = metadata.clean(texts or {})
    metadata.enforce_quota(project.pk, None, cleaned)
    size_gib = snapshot.size_gib if snapshot else volume.size_gib
    volume_quota.reserve_backup(project, context.user, size_gib=size_gib)
    backup = Backup.objects.create(
        project=project,
        user=context.user if context.user.pk else None,
        volume=volume,
        snapshot_key=snapshot.pk if snapshot else None,
        name=clean_name(name) if name else "",
        description=inputs.text({"description": description or ""}, "description"),
        size_gib=size_gib,
        parent=_parent(volume) if incremental and snapshot is None else None,
        disk=volume.disk,
        taken_at=snapshot.created_at if snapshot else timezone.now(),
        bootable=volume.bootable,
        image_metadata=volume.image_metadata,
        volume_metadata=volume.metadata,
        metadata=cleaned,
        task_state=BackupTask.CREATING,
    )
    shared = [row for row in (snapshot, backup.parent) if row is not None]
    operations.enqueue(
        context, "backup.create", backup, parameters={}, also=[*holders, volume], sharing=shared
    )
    transitions.set_task(volume, VolumeTask.BACKING_UP)
    transitions.change(backup)
    audit.record(
        context, "backup.create", backup, outcome=AuditEvent.Outcome.REQUESTED, volume=str(volume.pk)
    )
    return backup


def _snapshot(context: Context, volume: Volume, key: object) -> VolumeSnapshot | None:
    """Return the snapshot to back up, locked; None if the volume is. Raise NotFound, BadInput, Conflict."""
    if not key:
        return None
    snapshot = volume_snapshots.get(context, key)
    lock_all(VolumeSnapshot.objects.select_for_update(no_key=True).filter(pk=snapshot.pk))
    snapshot.refresh_from_db()
    if snapshot.volume_id != volume.pk:
        raise BadInput(fields={"snapshot_id": _("It is a snapshot of another volume.")})
    if snapshot.status != SnapshotState.AVAILABLE or snapshot.task_state:
        raise Conflict(_("The snapshot is %(status)s.") % {"status": snapshot.shown_status})
    return snapshot


def _parent(volume: Volume) -> Backup | None:
    """Return the backup since which the disk has noted what changed; None if it has not. Raise Conflict without any."""
    rows = Backup.objects.available().filter(volume=volume).order_by("-created_at", "-pk")
    if not rows.exists():
        raise Conflict(_("There is no backup of this volume yet. Make a full one first."))
    disk = volume.disk
    if disk is None:
        return None
    parent = rows.filter(disk=disk, checkpoint_in=disk.volume_name).first()
    return lock(parent) if parent else None
