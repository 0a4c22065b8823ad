"""Force delete: delete a snapshot whatever its status."""

from django.utils.translation import gettext_lazy as _

from compute.engine.moves import Move
from compute.instances.actions.snapshot_delete import Delete
from compute.volumes.states import SnapshotState, SnapshotTask


class ForceDelete(Delete):
    """For administrators: also one that somebody reset to a wrong status."""

    verb = "force_delete"
    label = _("Delete by force")
    icon = "trash-x"
    order = 310
    role = "admin"
    move = Move(
        start=frozenset(SnapshotState) - {SnapshotState.DELETED},
        task=SnapshotTask.DELETING,
        end=SnapshotState.DELETED,
        failed=SnapshotState.ERROR,
    )
