"""Files in a folder, which hosts share if there are several."""

import os
from pathlib import Path
from typing import BinaryIO

from django.core.files.storage import FileSystemStorage

from compute.driver.files import PRIVATE, Data, Progress, move_atomic
from compute.store.base import Part


class LocalStore(FileSystemStorage):
    """Files that their owner alone may read. A part is a hidden file, which is renamed and never copied."""

    kind = "file"

    def names(self) -> set[str]:
        """Return the names of all files, without hidden ones; none before a host has made the folder."""
        folder = Path(self.location)
        return {path.name for path in folder.glob("[!.]*")} if folder.exists() else set()

    def delete(self, name: str) -> None:
        """Remove a file and its parts. A missing one is a success."""
        file = self.path_of(name)
        for path in (*file.parent.glob(f".{name}.*part"), file):
            path.unlink(missing_ok=True)

    def new_part(self, name: str, token: str) -> Part:
        part = LocalPart(self.path_of(name), token)
        part.file = open(part.path, "wb", 0, opener=_private)  # noqa: SIM115 - the part closes it
        return part

    def part(self, name: str, token: str) -> Part:
        return LocalPart(self.path_of(name), token)

    def read_from(self, name: str, first: int, last: int) -> Data:
        file = self.path_of(name).open("rb")
        file.seek(first)
        return file

    def path_of(self, name: str) -> Path:
        return Path(self.location, name)

    def adopt(self, path: Path, name: str, progress: Progress) -> None:
        """Rename a file, or copy it from another file system. One that is in its place already stays."""
        if path != self.path_of(name):
            move_atomic(path, self.path_of(name), progress)
        path = self.path_of(name)
        path.chmod(PRIVATE)


class LocalPart:
    """A hidden file beside the one that it becomes."""

    file: BinaryIO | None = None

    def __init__(self, target: Path, token: str) -> None:
        self.token = token
        self._target = target
        self.path = target.with_name(f".{target.name}.{token}.part")

    def write(self, data: bytes, /) -> None:
        self._writer().write(data)

    def close(self) -> None:
        file = self._writer()
        os.fsync(file.fileno())
        file.close()

    def finish(self) -> None:
        try:
            self.path.replace(self._target)
        except FileNotFoundError:
            if not self._target.exists():
                raise

    def discard(self) -> None:
        if self.file is not None:
            self.file.close()
        self.path.unlink(missing_ok=True)

    def _writer(self) -> BinaryIO:
        if self.file is None:
            raise FileNotFoundError(self.path)
        return self.file


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)
