"""Contents of new disks: the image, an empty file system, swap space."""

from compute.driver.storage import formatting
from compute.driver.storage.formatting import Formatter
from compute.volumes.models import Disk
from compute.volumes.services import disks

EPHEMERAL_LABEL = "ephemeral0"
SWAP_LABEL = "swap0"


def make(disk: Disk) -> None:
    """Create the disk's volume with the content of its role. A volume that exists is success. Raise DriverError."""
    match disk.role:
        case Disk.Role.EPHEMERAL:
            _fill(disk, formatting.ext4(EPHEMERAL_LABEL))
        case Disk.Role.SWAP:
            _fill(disk, formatting.swap(SWAP_LABEL))
        case _:
            disks.make(disk)


def _fill(disk: Disk, formatter: Formatter) -> None:
    pool = disks.pool_of(disk)
    if pool.stat(disk.volume_name) is None:
        pool.fill(disk.volume_name, disk.size_bytes, formatter)
