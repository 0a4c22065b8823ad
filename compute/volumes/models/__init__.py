"""Rows of disks and their layers, and of volumes, their types, attachments, snapshots, backups and transfers."""

from compute.volumes.models.attachment import Attachment
from compute.volumes.models.backup import Backup
from compute.volumes.models.backup_plan import BackupPlan
from compute.volumes.models.disk import Disk
from compute.volumes.models.disk_layer import DiskLayer
from compute.volumes.models.dismissed_message import DismissedMessage
from compute.volumes.models.qos_specs import QosSpecs
from compute.volumes.models.volume import Volume
from compute.volumes.models.volume_snapshot import VolumeSnapshot
from compute.volumes.models.volume_transfer import VolumeTransfer
from compute.volumes.models.volume_type import VolumeType

__all__ = [
    "Attachment",
    "Backup",
    "BackupPlan",
    "Disk",
    "DiskLayer",
    "DismissedMessage",
    "QosSpecs",
    "Volume",
    "VolumeSnapshot",
    "VolumeTransfer",
    "VolumeType",
]
