"""The base class of the actions on volumes."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.context import Context
from compute.engine.actions.base import Action
from compute.engine.models import Subject
from compute.volumes.models import Volume, VolumeSnapshot
from compute.volumes.services import volume_snapshots

USE = gettext_lazy("Use")
COPIES = gettext_lazy("Copies")
SETTINGS = gettext_lazy("Settings")
REMOVAL = gettext_lazy("Removal")


class VolumeAction(Action):
    noun: ClassVar[str] = "volume"
    group: ClassVar[str | Promise] = SETTINGS


class BackupAction(Action):
    noun: ClassVar[str] = "backup"
    group: ClassVar[str | Promise] = SETTINGS


class SnapshotAction(Action):
    """A verb on a snapshot, which occupies its volume and the instance that has it."""

    noun: ClassVar[str] = "volume_snapshot"
    group: ClassVar[str | Promise] = SETTINGS

    def holders(
        self, context: Context, snapshot: VolumeSnapshot, parameters: dict[str, Any]
    ) -> Iterable[Subject]:
        if not self.steps:
            return ()
        volume = Volume.objects.select_related("disk__instance").get(pk=snapshot.volume_id)
        volume_snapshots.enforce_awake(volume.disk.instance if volume.disk else None)
        return [*volume_snapshots.holders_of(volume), volume]
