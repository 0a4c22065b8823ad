"""Rows of networks."""

from compute.networks.models.network import Network, Port

__all__ = ["Network", "Port"]
