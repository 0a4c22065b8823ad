"""State files of guests on their host: the NVRAM of UEFI firmware, and TPM state."""

import os
import shutil
from pathlib import Path

from ..errors import translated
from ..files import copy_atomic, part_path

TPM_STATES = Path("/var/lib/libvirt/swtpm")
"""The fixed folder of libvirt's system daemon, with a folder for each guest."""

_LOCK = ".lock"
"""The lock file of swtpm, which is no part of the state."""


def copy_nvram(source: Path, target: Path) -> None:
    """Copy the NVRAM of a guest, if it ever started. An existing copy is success."""
    with translated(f"Copying {source.name}"):
        if source.exists() and not target.exists():
            copy_atomic(source, target, lambda _done, _total: None)


def copy_tpm_state(source_uuid: str, target_uuid: str) -> None:
    """Copy a TPM's state atomically, with its owners. A missing state and an existing copy are success."""
    source, target = TPM_STATES / source_uuid, TPM_STATES / target_uuid
    part = part_path(target)
    with translated(f"Copying the TPM state of guest {source_uuid}"):
        if not source.is_dir() or target.exists():
            return
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        shutil.copytree(source, part, dirs_exist_ok=True, ignore=shutil.ignore_patterns(_LOCK))
        for copy in (part, *part.rglob("*")):
            owner = (source / copy.relative_to(part)).stat()
            os.chown(copy, owner.st_uid, owner.st_gid)
        part.rename(target)


def delete(nvram: Path, uuid: str) -> None:
    """Delete NVRAM and TPM state of a guest, also partial copies. Deleted is success."""
    with translated(f"Deleting NVRAM and TPM state of guest {uuid}"):
        for file in (part_path(nvram), nvram):
            file.unlink(missing_ok=True)
        for folder in (part_path(TPM_STATES / uuid), TPM_STATES / uuid):
            if folder.exists():
                shutil.rmtree(folder)
