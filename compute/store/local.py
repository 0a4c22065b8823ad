"""Files in a folder, which hosts share if there are several."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from django.core.files.storage import FileSystemStorage

from compute.driver.files import PRIVATE, Data, Progress, move_atomic
from compute.driver.host.folders import make_private_folder
from compute.store.base import PIECE_BYTES, Part


class LocalStore(FileSystemStorage):
    """Files that their owner alone may read. A part is a hidden file, which is renamed and never copied."""

    kind = "file"
    most_pieces = sys.maxsize

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
        make_private_folder(part.path.parent)  # a portal may get images before it has hosts
        os.close(os.open(part.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE))
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

    _file: BinaryIO | None = None

    def __init__(self, target: Path, token: str) -> None:
        self.token = token
        self._target = target
        self.path = target.with_name(f".{target.name}.{token}.part")

    def write(self, data: bytes, /) -> None:
        self._writer().write(data)

    def write_piece(self, number: int, data: bytes, /) -> None:
        with self.path.open("r+b", 0) as file:
            file.seek(number * PIECE_BYTES)
            file.write(data)
            os.fsync(file.fileno())

    def close(self) -> None:
        file = self._writer()
        os.fsync(file.fileno())
        file.close()
        self._file = None

    def finish(self) -> None:
        try:
            self.path.replace(self._target)
        except FileNotFoundError:
            if not self._target.exists():
                raise

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self.path.unlink(missing_ok=True)

    def _writer(self) -> BinaryIO:
        if self._file is None:
            self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND), "wb", 0)
        return self._file
