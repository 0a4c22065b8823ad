"""Force detach: detach a volume whose status somebody has reset."""

from django.utils.translation import gettext_lazy as _

from compute.engine.moves import Move
from compute.instances.actions.volume_detach import Detach
from compute.volumes.models import Volume
from compute.volumes.states import READY, VolumeState, VolumeTask


class ForceDetach(Detach):
    """For administrators. The guest releases it all the same: its data are never torn from it."""

    verb = "force_detach"
    label = _("Detach by force")
    icon = "plug-x"
    order = 25
    main = False
    role = "admin"
    move = Move(
        start=READY | {VolumeState.ERROR, VolumeState.RESERVED, VolumeState.MAINTENANCE},
        task=VolumeTask.DETACHING,
        end=VolumeState.AVAILABLE,
    )

    def applies(self, volume: Volume) -> bool:
        return volume.attachment is not None and volume.status != VolumeState.IN_USE
