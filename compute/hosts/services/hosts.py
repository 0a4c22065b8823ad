"""The installation's storage pool on a host, and the folders beside it."""

from functools import cache

from django.conf import settings

from accounts.models import Installation
from compute.driver.storage.directory import DirectoryPool
from compute.driver.storage.pool import Pool
from compute.hosts.models import Hypervisor

SOCKETS = settings.STORAGE_DIR / "sockets"
CONSOLE_LOGS = settings.STORAGE_DIR / "consoles"
IMAGES = settings.STORAGE_DIR / "images"
FIRMWARE = settings.STORAGE_DIR / "firmware"


@cache
def installation() -> Installation:
    """Return the installation's row, which never changes while a process lives."""
    return Installation.current()


def pool(hypervisor: Hypervisor) -> Pool:
    """Return the storage pool that holds this installation's disks."""
    return DirectoryPool(hypervisor.uri, f"meridian-{installation().short}", settings.STORAGE_DIR / "pool")
