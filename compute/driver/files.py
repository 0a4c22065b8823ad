"""Atomic writes of files: written under a hidden name, synced, then renamed.

They hold guests' data, so only their owner may read them. libvirt changes the owner to QEMU's user at start.
"""

import errno
import fcntl
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

Progress = Callable[[int, int], object]
"""Called with the bytes done and the total; an exception that it raises cancels the work."""

CHUNK = 8 << 20
PRIVATE = 0o600
FETCHED = 1 << 20


class Data(Protocol):
    """Data that are read as they come."""

    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""

    def close(self) -> None:
        """End the reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A file that is fetched from elsewhere: what opens it, and its size in bytes."""

    open: Callable[[], Data]
    size: int


Source: TypeAlias = Path | Stream


def part_path(target: Path) -> Path:
    """Return the hidden path of an unfinished `target`."""
    return target.with_name(f".{target.name}.part")


def write_atomic(target: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write `data` atomically, in place of an older file. Raise OSError without leaving a part."""
    part = part_path(target)
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            os.fsync(file.fileno())
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def create_atomic(target: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Create the file atomically, with the content that `fill` writes. An existing file is success.

    A second process that creates the same file waits for the first. Raise OSError, or what `fill` raises to cancel,
    without leaving a part.
    """
    part = part_path(target)
    with open(os.open(part, os.O_RDWR | os.O_CREAT, PRIVATE), "wb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        if target.exists():
            part.unlink(missing_ok=True)
            return
        try:
            os.ftruncate(writer.fileno(), 0)
            os.fchmod(writer.fileno(), PRIVATE)
            fill(writer)
            os.fsync(writer.fileno())
            part.rename(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def copy_atomic(source: Path, target: Path, progress: Progress) -> None:
    """Copy a sparse file as `create_atomic` does; `progress(done, total)` counts bytes of the source."""
    with open(source, "rb") as reader:
        create_atomic(target, lambda writer: _copy_data(reader.fileno(), writer.fileno(), progress))


def fetch_atomic(source: Stream, target: Path, progress: Progress) -> None:
    """Fetch a file as `create_atomic` does, with holes where it is empty. Raise OSError if it is shorter than it says."""
    create_atomic(target, lambda writer: fetch(source, writer, progress))


def fetch(source: Stream, writer: BinaryIO, progress: Progress) -> None:
    """Write a fetched file, with holes where it is empty. Raise OSError if it is shorter than it says."""
    done = 0
    progress(0, source.size)
    with closing(source.open()) as data:
        while chunk := data.read(FETCHED):
            if chunk.count(0) == len(chunk):
                writer.seek(len(chunk), os.SEEK_CUR)
            else:
                writer.write(chunk)
            done += len(chunk)
            progress(done, source.size)
    if done != source.size:
        raise OSError(0, "the source ended before its end")
    writer.flush()
    os.ftruncate(writer.fileno(), done)


def move_atomic(source: Path, target: Path, progress: Progress) -> None:
    """Move a file, also to another file system, and take ownership of it. Raise OSError."""
    with open(source, "rb") as file:
        os.fchown(file.fileno(), os.geteuid(), os.getegid())
        os.fchmod(file.fileno(), PRIVATE)
        os.fsync(file.fileno())
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_atomic(source, target, progress)
        source.unlink()


def _copy_data(reader: int, writer: int, progress: Progress) -> None:
    total = os.fstat(reader).st_size
    os.ftruncate(writer, total)
    position = 0
    progress(0, total)
    while position < total:
        try:
            position = os.lseek(reader, position, os.SEEK_DATA)
        except OSError:  # only a hole is left
            break
        end = os.lseek(reader, position, os.SEEK_HOLE)
        os.lseek(writer, position, os.SEEK_SET)
        while position < end:
            sent = os.sendfile(writer, reader, position, min(CHUNK, end - position))
            if sent == 0:
                raise OSError(0, "the source became shorter while it was copied")
            position += sent
            progress(position, total)
    progress(total, total)
