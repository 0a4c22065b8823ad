"""Folders that QEMU's own user must reach."""

import os
import stat
from pathlib import Path

from lxml import etree

from ..connection import connect
from ..errors import DriverError, translated

_OTHERS_MODE = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


def prepare_socket_folder(path: Path, uri: str = "qemu:///system") -> None:
    """Make the folder of guests' sockets, which QEMU's user may fill and no other local user may enter.

    It belongs to QEMU's user and to our group, which its sockets inherit: QEMU leaves them group-writable,
    so our processes may connect. Raises DriverError when QEMU's user could not get there.
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
    """Make a folder for guests' data, through which QEMU's user may pass and which nobody else may list."""
    path.mkdir(mode=0o711, parents=True, exist_ok=True)
    if (mode := stat.S_IMODE(path.stat().st_mode)) & _OTHERS_MODE:
        path.chmod(mode & ~_OTHERS_MODE)


def check_reachable(path: Path) -> None:
    """Raise DriverError unless every user, and so QEMU's, may pass through `path` and all folders above."""
    for folder in (path, *path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            raise DriverError(
                f"QEMU's user cannot pass through the folder {folder}. "
                f"Allow it with `chmod o+x {folder}`, or choose another place for {path}."
            )


def _qemu_owner(uri: str) -> int:
    """The user id QEMU runs as, from libvirt's own account of it ("+64055:+108")."""
    with translated(f"Reading the capabilities of hypervisor {uri}"):
        capabilities = etree.fromstring(connect(uri).getCapabilities())
    label = capabilities.findtext("host/secmodel[model='dac']/baselabel")
    if label is None:
        return os.geteuid()  # a session daemon runs QEMU as its own user
    return int(label.partition(":")[0].lstrip("+"))
