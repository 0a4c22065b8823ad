"""Rows of disks."""

from compute.volumes.models.disk import Disk

__all__ = ["Disk"]
