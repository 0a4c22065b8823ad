"""What a guest wrote to its serial port, as virtlogd keeps it in files of this machine."""

from dataclasses import dataclass
from pathlib import Path

from compute.hosts.services.hosts import CONSOLE_LOGS


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEnd:
    """The end of a log that has `size` bytes; `tag` changes whenever more was written."""

    content: bytes
    size: int
    tag: str


def end(instance_id: str, limit: int) -> LogEnd:
    """Return the last `limit` bytes; none when nothing was written. Raise PermissionError with a sentence."""
    newest = CONSOLE_LOGS / f"{instance_id}.log"
    # virtlogd starts a new file when one is full, so the end may stand in two.
    files = (newest.with_name(f"{newest.name}.0"), newest)
    try:
        content, size = b"", 0
        for file in reversed(files):
            part, part_size = _end(file, limit - len(content))
            content, size = part + content, size + part_size
        tag = f"{newest.stat().st_mtime_ns:x}-{size:x}" if newest.exists() else "none"
    except PermissionError as error:
        raise PermissionError(f"Meridian may not open {newest.name} on this host.") from error
    return LogEnd(content=content, size=size, tag=tag)


def _end(file: Path, limit: int) -> tuple[bytes, int]:
    """Return the last `limit` bytes of a file and its whole size; nothing when there is no file."""
    try:
        with file.open("rb") as opened:
            size = opened.seek(0, 2)
            opened.seek(max(size - limit, 0))
            return opened.read(limit), size
    except FileNotFoundError:
        return b"", 0
