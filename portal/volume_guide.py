"""How a volume is found and mounted inside the guest that has it."""

from dataclasses import dataclass

from compute.volumes.models import Volume

BY_ID = {
    "virtio": "virtio-{serial}",
    "scsi": "scsi-0QEMU_QEMU_HARDDISK_{serial}",
    "sata": "ata-QEMU_HARDDISK_{serial}",
    "ide": "ata-QEMU_HARDDISK_{serial}",
}
"""By the bus of a disk, the name that udev gives it in /dev/disk/by-id, which stays as other disks come and go."""

FOLDER = "/mnt/data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """The path of the disk in the guest, its serial number, and commands to enter there.

    `format` is empty for a volume that was made of something: it has file systems already.
    """

    path: str
    serial: str
    format: str
    folder: str
    mount: str
    grow: str


def make(volume: Volume) -> Guide | None:
    """Return the guide of an attached volume; None if no guest has it."""
    disk = volume.disk
    if disk is None or not disk.device or disk.bus not in BY_ID:
        return None
    path = f"/dev/disk/by-id/{BY_ID[disk.bus].format(serial=disk.serial)}"
    is_empty = not volume.image_metadata and volume.source_volume_id is None
    # What an image holds has partitions mostly, and the first is the system's.
    part = f"{path}-part1" if volume.bootable else path
    return Guide(
        path=path,
        serial=disk.serial,
        format=f"sudo mkfs.ext4 {path}" if is_empty else "",
        folder=f"sudo mkdir -p {FOLDER}",
        mount=f"sudo mount {part} {FOLDER}",
        grow=f"sudo resize2fs {path}" if is_empty else "",
    )
