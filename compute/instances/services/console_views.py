"""What an instance shows without a connection: a picture of its screen and the log of its serial port.

Both are asked of the console process of its host.
"""

import re
from dataclasses import dataclass

from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import Conflict
from compute.hosts.services import questions
from compute.instances.models import Instance

SCREENSHOT_SECONDS = 2
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
    """Return the screen as PNG, at most two seconds old. Raise Conflict if the instance is off, Unavailable."""
    key = f"screenshot:{instance.pk}"
    known: bytes | None = cache.get(key)
    if known is None:
        known = _picture(instance)
        cache.set(key, known, SCREENSHOT_SECONDS)
    return known


def log(instance: Instance, limit: int = SHOWN_BYTES) -> ConsoleLog:
    """Return the last `limit` bytes, from the start of a line; none when nothing was written. Raise Unavailable."""
    if instance.hypervisor is None:
        return ConsoleLog(content=b"", tag="none", shortened=False)
    answer = questions.ask(instance.hypervisor, f"/instances/{instance.pk}/log?limit={limit}")
    content = answer.content
    shortened = int(answer.headers["X-Log-Size"]) > len(content)
    if shortened:
        content = content.partition(b"\n")[2]
    return ConsoleLog(content=content, tag=answer.headers["X-Log-Tag"], shortened=shortened)


def read_log(context: Context, instance: Instance, limit: int = SHOWN_BYTES) -> ConsoleLog:
    """Return the log for an asker who may use the console. Raise Forbidden, Unavailable."""
    policy.enforce(context, "instance:console")
    return log(instance, limit)


def _picture(instance: Instance) -> bytes:
    if instance.hypervisor is None:
        raise _off(instance)
    try:
        return questions.ask(instance.hypervisor, f"/instances/{instance.pk}/picture").content
    except questions.Refused as refused:
        raise _off(instance) from refused


def _off(instance: Instance) -> Conflict:
    return Conflict(_("%(name)s is off, so it has no screen. Start it first.") % {"name": instance.name})
