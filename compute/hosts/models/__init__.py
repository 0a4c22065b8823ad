"""Rows of hosts."""

from compute.hosts.models.aggregate import Aggregate
from compute.hosts.models.hypervisor import Hypervisor
from compute.hosts.models.pool import Pool

__all__ = ["Aggregate", "Hypervisor", "Pool"]
