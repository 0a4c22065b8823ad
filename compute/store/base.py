"""What our files need of a storage beyond Django's own methods."""

from pathlib import Path
from typing import Protocol

from compute.driver.files import Data, Progress

PIECE_BYTES = 8 * 2**20


class Part(Protocol):
    """Data that are being written, or wait to become a file. No reader sees them before.

    Methods raise FileNotFoundError if the data were discarded meanwhile.
    """

    token: str
    """Finds the data again, in another process too."""

    def write(self, data: bytes, /) -> None:
        """Append data."""

    def write_piece(self, number: int, data: bytes, /) -> None:
        """Write the piece of this number, from 0, of data that come in pieces of `PIECE_BYTES`, the last a shorter one.

        Written again is success. Pieces are there after a crash too, without `close`.
        """

    def close(self) -> None:
        """Keep what was written, also through a crash."""

    def finish(self) -> None:
        """Make the data the file. Finished is success."""

    def discard(self) -> None:
        """Remove the data. Removed is success."""


class FileStore(Protocol):
    """A storage of large files. A file's name is an id."""

    kind: str
    """Glance's word for what it is, which names the one store to clients."""

    most_pieces: int
    """How many pieces a part may have."""

    def exists(self, name: str) -> bool:
        """Return whether there is a file of this name."""

    def names(self) -> set[str]:
        """Return the names of all files."""

    def delete(self, name: str) -> None:
        """Remove a file and all unfinished parts of it. Removed is success."""

    def new_part(self, name: str, token: str) -> Part:
        """Begin to write a file, in place of an earlier part of this token."""

    def part(self, name: str, token: str) -> Part:
        """Return a part by the token that it gave itself."""

    def read_from(self, name: str, first: int, last: int) -> Data:
        """Return the bytes `first` to `last` of a file. Raise FileNotFoundError."""

    def path_of(self, name: str) -> Path | None:
        """Return the path of a file for programs that open it; None if it is on no file system."""

    def adopt(self, path: Path, name: str, progress: Progress) -> None:
        """Move a file of this machine into the store; `progress(done, total)` counts bytes if they are copied."""
