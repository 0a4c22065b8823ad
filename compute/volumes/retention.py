"""Retention of deleted volumes."""

from accounts.services.retention import Rule
from compute.volumes.models import Volume
from compute.volumes.states import VolumeState

RULES = (
    Rule(
        name="deleted_volumes",
        rows=Volume.objects.filter(status=VolumeState.DELETED),
        since="updated_at",
        setting="DELETED_DAYS",
    ),
)
