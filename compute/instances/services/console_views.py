"""What an instance shows without a connection: a picture of its screen and the log of its serial port."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict, Unavailable
from compute.driver.errors import DriverError, GuestNotFound, GuestNotRunning
from compute.instances.models import Instance
from compute.instances.services import guests

SCREENSHOT_SECONDS = 2
PATIENCE_SECONDS = 3.0
"""How long a web thread waits for a picture: a stuck guest or host must not take the pages with it."""

SHOWN_BYTES = 256 * 1024

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # strings for the terminal: titles
    r"|\x1b[ -/]*[0-~]",  # other escapes
    re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleLog:
    """The end of what the guest wrote to its serial port; `tag` changes whenever more was written."""

    content: bytes
    tag: str
    shortened: bool

    @property
    def text(self) -> str:
        """For reading: without escape sequences and control characters; of overwritten lines the last state."""
        said = _ESCAPES.sub("", self.content.decode(errors="replace")).replace("\r\n", "\n")
        lines = (line.rstrip("\r").rpartition("\r")[2] for line in said.split("\n"))
        return "\n".join(_CONTROLS.sub("", line) for line in lines)


def screenshot(instance: Instance) -> bytes:
    """The screen as PNG, at most two seconds old. Raises Conflict when the instance is off, Unavailable."""
    key = f"screenshot:{instance.pk}"
    known: bytes | None = cache.get(key)
    if known is None:
        known = _picture(instance)
        cache.set(key, known, SCREENSHOT_SECONDS)
    return known


def log(instance: Instance, limit: int = SHOWN_BYTES) -> ConsoleLog:
    """The last `limit` bytes, from the start of a line; empty when nothing was written. Raises Unavailable."""
    newest = guests.console_log(instance)
    # virtlogd starts a new file when one is full, so the end may stand in two.
    files = (newest.with_name(f"{newest.name}.0"), newest)
    try:
        content, size = b"", 0
        for file in reversed(files):
            part, part_size = _end(file, limit - len(content))
            content, size = part + content, size + part_size
        tag = f"{newest.stat().st_mtime_ns:x}-{size:x}" if newest.exists() else "none"
    except PermissionError as error:
        raise Unavailable(
            _("The log of %(name)s cannot be read here: Meridian may not open %(file)s.")
            % {"name": instance.name, "file": newest.name}
        ) from error
    shortened = size > len(content)
    if shortened:
        content = content.partition(b"\n")[2]
    return ConsoleLog(content=content, tag=tag, shortened=shortened)


def read_log(context: Context, instance: Instance, limit: int = SHOWN_BYTES) -> ConsoleLog:
    """The same for an asker, who must be allowed to use the console. Raises Forbidden, Unavailable."""
    policy.enforce(context, "instance:console")
    return log(instance, limit)


def _picture(instance: Instance) -> bytes:
    off = Conflict(_("%(name)s is off, so it has no screen. Start it first.") % {"name": instance.name})
    if instance.hypervisor is None:
        raise off
    try:
        return guests.guest(instance).screenshot(PATIENCE_SECONDS)
    except (GuestNotRunning, GuestNotFound) as error:
        raise off from error
    except DriverError as error:
        raise Unavailable(
            _("No picture of %(name)s: %(why)s") % {"name": instance.name, "why": error}
        ) from error


def _end(file: Path, limit: int) -> tuple[bytes, int]:
    """The last `limit` bytes of a file and its whole size; nothing when there is no file."""
    try:
        with file.open("rb") as opened:
            size = opened.seek(0, 2)
            opened.seek(max(size - limit, 0))
            return opened.read(limit), size
    except FileNotFoundError:
        return b"", 0
