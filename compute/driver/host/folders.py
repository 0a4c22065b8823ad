"""Folders that QEMU's user must be able to enter."""

import os
import stat
from pathlib import Path

from lxml import etree

from ..connection import connect
from ..errors import DriverError, translated

_OTHERS_MODE = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


def prepare_socket_folder(path: Path, uri: str = "qemu:///system") -> None:
    """Create the folder of guests' sockets, to which only QEMU's user and our group have access.

    The sockets inherit our group and are group-writable, so our processes may connect. Raise DriverError if QEMU's
    user cannot reach the folder.
    """
    owner = _qemu_owner(uri)
    path.mkdir(parents=True, exist_ok=True)
    check_reachable(path.parent)
    try:
        os.chown(path, owner, os.getegid())
        path.chmod(0o2710)  # after chown, which clears the set-group bit
    except PermissionError as error:
        raise DriverError(
            f"The folder {path} cannot be handed to QEMU's user (id {owner}): {error.strerror}. "
            "Start Meridian's worker as root, or create the folder with that owner and mode 2710."
        ) from error


def make_private_folder(path: Path) -> None:
    """Create a folder for guests' data, which QEMU's user may traverse and only we may list."""
    path.mkdir(mode=0o711, parents=True, exist_ok=True)
    if (mode := stat.S_IMODE(path.stat().st_mode)) & _OTHERS_MODE:
        path.chmod(mode & ~_OTHERS_MODE)


def check_reachable(path: Path) -> None:
    """Raise DriverError unless every user, and so QEMU's, may traverse `path` and all folders above."""
    for folder in (path, *path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            raise DriverError(
                f"QEMU's user cannot pass through the folder {folder}. "
                f"Allow it with `chmod o+x {folder}`, or choose another place for {path}."
            )


def _qemu_owner(uri: str) -> int:
    """Return the user id of QEMU, from the DAC label in libvirt's capabilities ("+64055:+108")."""
    with translated(f"Reading the capabilities of hypervisor {uri}"):
        capabilities = etree.fromstring(connect(uri).getCapabilities())
    label = capabilities.findtext("host/secmodel[model='dac']/baselabel")
    if label is None:
        return os.geteuid()  # a session daemon runs QEMU as its own user
    return int(label.partition(":")[0].lstrip("+"))
