"""Snapshots of volumes in their projects' scope."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, NotFound
from accounts.locking import lock_all
from accounts.models import AuditEvent, Project
from accounts.names import clean_name
from accounts.services import audit, inputs
from compute.engine import operations
from compute.engine.actions.begin import begin
from compute.engine.models import Operation, Subject
from compute.engine.services import metadata, transitions
from compute.volumes.models import Volume, VolumeSnapshot
from compute.volumes.models.volume_snapshot import VolumeSnapshotQuerySet
from compute.volumes.services import volume_quota, volumes
from compute.volumes.states import READY, SnapshotTask, VolumeState

_SUSPENDED = "suspended"
"""Nova's word for the state of an instance whose memory was saved."""


def visible_to(context: Context, *, all_projects: bool = False) -> VolumeSnapshotQuerySet:
    """Return the project's snapshots; with `all_projects`, administrators' view of all. Raise Forbidden."""
    policy.enforce(context, "volume_snapshot:read")
    rows = VolumeSnapshot.objects.existing().visible_to(context, all_projects=all_projects)
    return rows.select_related("volume")


def get(context: Context, key: object) -> VolumeSnapshot:
    """Return one snapshot; for administrators, of any project. Raise Forbidden, NotFound."""
    try:
        return visible_to(context, all_projects=True).get(pk=UUID(str(key)))
    except (VolumeSnapshot.DoesNotExist, ValueError) as error:
        raise NotFound(_("Snapshot %(id)s could not be found.") % {"id": str(key)[:64]}) from error


def act(
    context: Context, key: object, verb: str, parameters: Mapping[str, Any] | None = None
) -> Operation | None:
    """Begin a verb on a snapshot. Raise NotFound, Forbidden, Conflict, BadInput."""
    return begin(context, f"volume_snapshot.{verb}", get(context, key).pk, parameters=dict(parameters or {}))


@transaction.atomic
def create(
    context: Context,
    volume_id: object,
    *,
    name: object = "",
    description: object = "",
    texts: object = None,
    of_used: bool = True,
) -> VolumeSnapshot:
    """Begin to take a snapshot of a volume; `of_used` also while an instance has it.

    Raise Forbidden, NotFound, BadInput, OverQuota, Conflict if the volume is changing or has no data.
    """
    policy.enforce(context, "volume_snapshot:create")
    project_id = volumes.get(context, volume_id).project_id
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)
    holders = holders_of(volumes.get(context, volume_id))
    for holder in holders:
        lock_all(type(holder)._default_manager.select_for_update().filter(pk=holder.pk))
    volume = (
        Volume.objects.select_for_update(of=("self",))
        .select_related("disk")
        .get(pk=volumes.get(context, volume_id).pk)
    )
    enforce_awake(volume.disk.instance if volume.disk else None)
    if volume.task_state or volume.status not in (READY if of_used else {VolumeState.AVAILABLE}):
        raise Conflict(_("The volume is %(status)s.") % {"status": volume.shown_status})
    if holders_of(volume) != holders:
        raise Conflict(_("It is just being changed by somebody else. Try again."))
    cleaned = metadata.clean(texts or {})
    metadata.enforce_quota(project.pk, None, cleaned)
    volume_quota.reserve_snapshot(project, context.user, size_gib=volume.size_gib)
    snapshot = VolumeSnapshot.objects.create(
        project=project,
        user=context.user if context.user.pk else None,
        volume=volume,
        name=clean_name(name) if name else "",
        description=inputs.text({"description": description or ""}, "description"),
        size_gib=volume.size_gib,
        metadata=cleaned,
        task_state=SnapshotTask.CREATING,
    )
    operations.enqueue(context, "volume_snapshot.create", snapshot, parameters={}, also=[*holders, volume])
    transitions.change(snapshot)
    audit.record(
        context,
        "volume_snapshot.create",
        snapshot,
        outcome=AuditEvent.Outcome.REQUESTED,
        volume=str(volume.pk),
    )
    return snapshot


def enforce_awake(instance: Any) -> None:
    """Raise Conflict if the instance, or None, is suspended: its saved memory belongs to the files that its disks have."""
    if instance is not None and instance.vm_state == _SUSPENDED:
        raise Conflict(_("Resume %(instance)s first: its memory was saved.") % {"instance": instance.name})


def holders_of(volume: Volume) -> list[Subject]:
    """Return the instance that has the volume, as rows of lower rank."""
    instance = volume.disk.instance if volume.disk else None
    return [instance] if instance else []
