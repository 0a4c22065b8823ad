"""Rows of disks, volumes, their types and attachments."""

from compute.volumes.models.attachment import Attachment
from compute.volumes.models.disk import Disk
from compute.volumes.models.volume import Volume
from compute.volumes.models.volume_transfer import VolumeTransfer
from compute.volumes.models.volume_type import VolumeType

__all__ = ["Attachment", "Disk", "Volume", "VolumeTransfer", "VolumeType"]
