"""Rows of compute."""

from compute.models.aggregate import Aggregate
from compute.models.console_token import ConsoleToken
from compute.models.flavor import Flavor
from compute.models.heartbeat import Heartbeat
from compute.models.hypervisor import Hypervisor
from compute.models.image import Image
from compute.models.instance import Instance
from compute.models.keypair import Keypair
from compute.models.network import Network, Port
from compute.models.operation import Operation
from compute.models.server_group import ServerGroup

__all__ = [
    "Aggregate",
    "ConsoleToken",
    "Flavor",
    "Heartbeat",
    "Hypervisor",
    "Image",
    "Instance",
    "Keypair",
    "Network",
    "Operation",
    "Port",
    "ServerGroup",
]
