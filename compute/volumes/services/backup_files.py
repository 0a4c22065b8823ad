"""Files of backups: written on a host, then kept in the store of backups, apart from the pools."""

import hashlib
from pathlib import Path

from django.utils.translation import gettext as _

from accounts.errors import Conflict
from compute.driver.errors import translated
from compute.driver.files import CHUNK, FETCHED, Progress, Stream, fetch_atomic, part_path
from compute.driver.specs import BackingSpec
from compute.driver.specs.sources import FileSource
from compute.hosts.services import hosts
from compute.store import FileStore, file_store
from compute.volumes.models import Backup


def backup_store() -> FileStore:
    """Return the store of backups, which are named by their ids."""
    return file_store("backups")


def draft_of(backup: Backup) -> Path:
    """Return the path at which a host writes the backup, since QEMU cannot write to every store."""
    return Path(hosts.DRAFTS / str(backup.pk))


def digest(path: Path, progress: Progress) -> str:
    """Return the SHA-256 of a file; `progress(done, total)` counts bytes."""
    total, sha = path.stat().st_size, hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            sha.update(chunk)
            progress(file.tell(), total)
    return sha.hexdigest()


def store_draft(backup: Backup, progress: Progress) -> None:
    """Bring what a host has written into the store, and remove it here. Stored is success. Raise StorageFull."""
    draft, name = draft_of(backup), str(backup.pk)
    if not backup_store().exists(name):
        with translated("Storing the backup"):
            backup_store().adopt(draft, name, progress)
    draft.unlink(missing_ok=True)


def remove_draft(backup: Backup) -> None:
    """Remove what a host has written, complete or not. Removed is success."""
    for path in (draft_of(backup), part_path(draft_of(backup))):
        path.unlink(missing_ok=True)


def remove(backup: Backup) -> None:
    """Remove the backup's file from the store. Removed is success."""
    backup_store().delete(str(backup.pk))


def chain_of(backup: Backup) -> list[Backup]:
    """Return the backup and those that it needs, the newest first. Costs a query each."""
    chain = [backup]
    while chain[-1].parent is not None:
        chain.append(chain[-1].parent)
    return chain


def stored_digest(backup: Backup, progress: Progress) -> str:
    """Return the SHA-256 of the backup's file as the store has it now. Raise Conflict if it has none."""
    sha, done = hashlib.sha256(), 0
    try:
        data = backup_store().read_from(str(backup.pk), 0, backup.file_bytes - 1)
    except FileNotFoundError as error:
        raise missing(backup) from error
    try:
        while chunk := data.read(FETCHED):
            sha.update(chunk)
            done += len(chunk)
            progress(done, max(backup.file_bytes, 1))
    finally:
        data.close()
    return sha.hexdigest()


def open_chain(backup: Backup, folder: Path, progress: Progress) -> BackingSpec:
    """Return the files of the backup and of those below it, to be read as one disk.

    Files of a store that programs cannot open are fetched into `folder`. Raise Conflict if one is missing, StorageFull.
    """
    spec: BackingSpec | None = None
    for row in reversed(chain_of(backup)):
        source = FileSource(path=_local(row, folder, progress))
        spec = BackingSpec(source=source, format="qcow2", backing=spec)
    if spec is None:
        raise missing(backup)
    return spec


def _local(backup: Backup, folder: Path, progress: Progress) -> Path:
    name = str(backup.pk)
    path = backup_store().path_of(name)
    if path is not None:
        if not path.exists():
            raise missing(backup)
        return path
    if not backup_store().exists(name):
        raise missing(backup)
    folder.mkdir(mode=0o700, exist_ok=True)
    fetched = folder / name
    stream = Stream(
        open=lambda: backup_store().read_from(name, 0, backup.file_bytes - 1), size=backup.file_bytes
    )
    with translated("Fetching the backup"):
        fetch_atomic(stream, fetched, progress)
    return fetched


def missing(backup: Backup) -> Conflict:
    """Return the error of a backup whose file is gone."""
    return Conflict(
        _("The file of the backup %(backup)s is not in the store of backups.") % {"backup": backup}
    )
