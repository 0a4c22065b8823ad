"""Rows of hosts."""

from compute.hosts.models.aggregate import Aggregate
from compute.hosts.models.hypervisor import Hypervisor

__all__ = ["Aggregate", "Hypervisor"]
