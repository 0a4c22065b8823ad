"""Rows of compute."""

from compute.models.console_token import ConsoleToken
from compute.models.flavor import Flavor
from compute.models.heartbeat import Heartbeat
from compute.models.hypervisor import Hypervisor
from compute.models.image import Image
from compute.models.instance import Instance
from compute.models.keypair import Keypair
from compute.models.network import Network, Port
from compute.models.operation import Operation
from compute.models.schedule import Schedule

__all__ = [
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
    "Schedule",
]
