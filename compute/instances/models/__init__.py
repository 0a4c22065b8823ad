"""Rows of instances."""

from compute.instances.models.console_token import ConsoleToken
from compute.instances.models.flavor import Flavor
from compute.instances.models.instance import Instance
from compute.instances.models.instance_snapshot import InstanceSnapshot
from compute.instances.models.keypair import Keypair
from compute.instances.models.schedule import Schedule
from compute.instances.models.server_group import ServerGroup

__all__ = ["ConsoleToken", "Flavor", "Instance", "InstanceSnapshot", "Keypair", "Schedule", "ServerGroup"]
