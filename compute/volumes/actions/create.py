"""Create: the row in one transaction, then the disk in steps."""

from typing import ClassVar

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, Forbidden
from accounts.locking import lock_all
from accounts.models import AuditEvent
from accounts.services import audit
from compute.engine import operations
from compute.engine.models import Subject
from compute.engine.moves import Move
from compute.engine.operations import Run, Step, Where
from compute.engine.services import transitions
from compute.hosts.models import Hypervisor
from compute.images.services import delivery
from compute.volumes.actions.base import VolumeAction
from compute.volumes.models import Volume, VolumeSnapshot
from compute.volumes.services import (
    backups,
    disks,
    volume_contents,
    volume_placement,
    volume_quota,
    volume_request,
)
from compute.volumes.services.volume_request import CheckedRequest, VolumeRequest
from compute.volumes.states import VolumeState, VolumeTask


def create(context: Context, request: VolumeRequest) -> Volume:
    """Create the volume's row and begin its operation. Raise BadInput naming every wrong field, Forbidden, OverQuota."""
    policy.enforce(context, "volume:create")
    if context.project is None:
        raise Forbidden(_("Choose a project first; you have a role in none."))
    with transaction.atomic():
        checked = volume_request.check(context, request)
        size = checked.size_gib
        volume_quota.reserve(context.project, context.user, count=1, size_gib=size, largest_gib=size)
        sources = _locked_sources(checked)
        volume = Volume.objects.create(
            project=context.project,
            user=context.user,
            task_state=VolumeTask.CREATING,
            size_gib=size,
            **checked.columns,
        )
        operations.enqueue(context, "volume.create", volume, parameters={}, sharing=sources)
        transitions.change(volume)
        audit.record(
            context,
            "volume.create",
            volume,
            outcome=AuditEvent.Outcome.REQUESTED,
            size=size,
            **checked.source,
        )
    return volume


def _locked_sources(checked: CheckedRequest) -> list[Subject]:
    """Lock the rows that the volume is made of, so that the operation can share them. Raise Conflict if one is busy."""
    if checked.volume is not None:
        lock_all(Volume.objects.select_for_update(no_key=True).filter(pk=checked.volume.pk))
        checked.volume.refresh_from_db()
        if checked.volume.task_state or checked.volume.status != VolumeState.AVAILABLE:
            raise Conflict(_("The volume to copy is in use or just changing. Detach it first."))
        return [checked.volume]
    if checked.snapshot is not None:
        lock_all(VolumeSnapshot.objects.select_for_update(no_key=True).filter(pk=checked.snapshot.pk))
        return [checked.snapshot]
    if checked.backup is not None:
        return [backups.lock(checked.backup)]
    return [checked.image] if checked.image else []


class Place(Step):
    """Choose the storage pool."""

    name: ClassVar[str] = "place"
    label: ClassVar[str] = gettext_noop("Choose a storage pool")
    where: ClassVar[Where] = Where.ANYWHERE

    def do(self, run: Run) -> None:
        volume_placement.place(run.subject)

    def undo(self, run: Run) -> None:
        volume_placement.forget(run.subject)


class DeliverImage(Step):
    """Deliver the image into the pool, once for all that need it."""

    name: ClassVar[str] = delivery.STEP
    label: ClassVar[str] = gettext_noop("Copy the image")

    def do(self, run: Run) -> None:
        volume = run.subject
        if volume.image is not None and run.operation.host_id is not None:
            delivery.wait_for_copy(run, volume.image, Hypervisor.objects.get(pk=run.operation.host_id))


class MakeDisk(Step):
    """Create the disk: empty, or with the content of an image, of another volume, of a snapshot or of a backup."""

    name: ClassVar[str] = "disk"
    label: ClassVar[str] = gettext_noop("Create the disk")

    def do(self, run: Run) -> None:
        run.check()
        volume_contents.make(run.subject, run.progress)

    def undo(self, run: Run) -> None:
        volume = run.subject
        if volume.disk is not None:
            disks.delete_volume(volume.disk)


class Create(VolumeAction):
    """Make a new volume. `create` begins it in place of `begin`, since there is no row yet."""

    verb = "create"
    label = gettext_lazy("Create")
    icon = "plus"
    order = 0
    move = Move(
        start=frozenset({VolumeState.CREATING}),
        task=VolumeTask.CREATING,
        end=VolumeState.AVAILABLE,
        failed=VolumeState.ERROR,
    )
    doing = gettext_lazy("Creating")
    cancellable = True
    steps = (Place(), DeliverImage(), MakeDisk())
