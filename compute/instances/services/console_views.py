"""Screenshots and console logs of instances, from the console process of their host."""

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
MOST_LOG_BYTES = 256 * 1024

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # strings for the terminal: titles
    r"|\x1b[ -/]*[0-~]",  # other escapes
    re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleLog:
    """The end of the guest's console log. `tag` changes with the log; `shortened` says that the log is longer."""

    content: bytes
    tag: str
    shortened: bool

    @property
    def text(self) -> str:
        """Return the text without escape sequences and control characters, with overwritten lines as last seen."""
        text = _ESCAPES.sub("", self.content.decode(errors="replace")).replace("\r\n", "\n")
        lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
        return "\n".join(_CONTROLS.sub("", line) for line in lines)


def screenshot(instance: Instance) -> bytes:
    """Return the screen as PNG, at most two seconds old. Raise Conflict if the instance is off, Unavailable."""
    key = f"screenshot:{instance.pk}"
    picture: bytes | None = cache.get(key)
    if picture is None:
        picture = _fetch_picture(instance)
        cache.set(key, picture, SCREENSHOT_SECONDS)
    return picture


def log(instance: Instance, limit: int = MOST_LOG_BYTES) -> ConsoleLog:
    """Return the last `limit` bytes of the log, from the start of a line. Raise Unavailable."""
    if instance.hypervisor is None:
        return ConsoleLog(content=b"", tag="none", shortened=False)
    answer = questions.ask(instance.hypervisor, f"/instances/{instance.pk}/log?limit={limit}")
    content = answer.content
    shortened = int(answer.headers["X-Log-Size"]) > len(content)
    if shortened:
        content = content.partition(b"\n")[2]
    return ConsoleLog(content=content, tag=answer.headers["X-Log-Tag"], shortened=shortened)


def read_log(context: Context, instance: Instance, limit: int = MOST_LOG_BYTES) -> ConsoleLog:
    """Return the log if the asker may use the console. Raise Forbidden, Unavailable."""
    policy.enforce(context, "instance:console")
    return log(instance, limit)


def _fetch_picture(instance: Instance) -> bytes:
    if instance.hypervisor is None:
        raise _off(instance)
    try:
        return questions.ask(instance.hypervisor, f"/instances/{instance.pk}/picture").content
    except questions.Refused as refused:
        raise _off(instance) from refused


def _off(instance: Instance) -> Conflict:
    return Conflict(_("%(name)s is off, so it has no screen. Start it first.") % {"name": instance.name})
