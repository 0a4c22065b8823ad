"""Rows of compute."""

from compute.engine.models.heartbeat import Heartbeat
from compute.engine.models.operation import Operation
from compute.hosts.models.aggregate import Aggregate
from compute.hosts.models.hypervisor import Hypervisor
from compute.hosts.models.pool import Pool
from compute.images.models.image import Image
from compute.images.models.image_member import ImageMember
from compute.instances.models.console_token import ConsoleToken
from compute.instances.models.flavor import Flavor
from compute.instances.models.instance import Instance
from compute.instances.models.instance_snapshot import InstanceSnapshot
from compute.instances.models.keypair import Keypair
from compute.instances.models.schedule import Schedule
from compute.instances.models.server_group import ServerGroup
from compute.networks.models.network import Network, Port
from compute.volumes.models.attachment import Attachment
from compute.volumes.models.disk import Disk
from compute.volumes.models.disk_layer import DiskLayer
from compute.volumes.models.dismissed_message import DismissedMessage
from compute.volumes.models.volume import Volume
from compute.volumes.models.volume_snapshot import VolumeSnapshot
from compute.volumes.models.volume_transfer import VolumeTransfer
from compute.volumes.models.volume_type import VolumeType

__all__ = [
    "Aggregate",
    "Attachment",
    "ConsoleToken",
    "Disk",
    "DiskLayer",
    "DismissedMessage",
    "Flavor",
    "Heartbeat",
    "Hypervisor",
    "Image",
    "ImageMember",
    "Instance",
    "InstanceSnapshot",
    "Keypair",
    "Network",
    "Operation",
    "Pool",
    "Port",
    "Schedule",
    "ServerGroup",
    "Volume",
    "VolumeSnapshot",
    "VolumeTransfer",
    "VolumeType",
]
