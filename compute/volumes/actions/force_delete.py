"""Force delete: remove a volume whatever its state, unless an instance has it."""

from django.utils.translation import gettext_lazy as _

from compute.engine.moves import Move
from compute.volumes.actions.delete import Delete
from compute.volumes.states import ANY_TASK, EXISTING, VolumeState, VolumeTask


class ForceDelete(Delete):
    """For administrators: also a volume that waits for a transfer, or that somebody reset to a wrong status."""

    verb = "force_delete"
    label = _("Delete by force")
    icon = "trash-x"
    order = 310
    role = "admin"
    waits_for_transfer = False
    move = Move(
        start=EXISTING,
        task=VolumeTask.DELETING,
        end=VolumeState.DELETED,
        failed=VolumeState.ERROR,
        interrupts=ANY_TASK - {VolumeTask.DELETING},
    )
