"""Labels of states, tasks and times in pages. The APIs keep OpenStack's own."""

from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute.engine.actions.base import Action
from compute.hosts.models import Hypervisor

BOOT_STAGE: dict[str, str | Promise] = {
    "booting": gettext_lazy("Booting"),
    "address": gettext_lazy("Network up"),
    "reachable": gettext_lazy("Reachable (SSH)"),
}
OPERATION: dict[str, str | Promise] = {
    "pending": gettext_lazy("Waiting"),
    "running": gettext_lazy("In progress"),
    "undoing": gettext_lazy("Undoing"),
    "succeeded": gettext_lazy("Done"),
    "failed": gettext_lazy("Failed"),
    "cancelled": gettext_lazy("Cancelled"),
    "stuck": gettext_lazy("Stuck"),
}
OPERATION_COLOUR = {
    "pending": "secondary",
    "running": "blue",
    "undoing": "yellow",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "secondary",
    "stuck": "red",
}
REQUEST: dict[str, str | Promise] = {
    "open": gettext_lazy("Waiting"),
    "approved": gettext_lazy("Approved"),
    "refused": gettext_lazy("Declined"),
}
REQUEST_COLOUR = {"open": "yellow", "approved": "green", "refused": "red"}


def begun(action: Action, name: str) -> str:
    """Return the sentence that an action has begun, or is done already; `name` is that of the row, or of several."""
    return str(action.done) % {"name": name} if action.done else f"{action.doing} {name}"


def host_state(host: Hypervisor) -> tuple[str, str]:
    """Return the label of a host's state, and its colour."""
    if host.forced_down:
        return _("Declared down"), "red"
    if host.state != Hypervisor.State.UP:
        return _("Does not answer"), "red"
    return (_("Up"), "green") if host.enabled else (_("Takes no new instances"), "yellow")


def boot_stage(name: str) -> str:
    return str(BOOT_STAGE.get(name, name))


AGO: tuple[tuple[float, int, str | Promise], ...] = (
    (10, 1, gettext_lazy("just now")),
    (60, 1, gettext_lazy("%(n)s s ago")),
    (3600, 60, gettext_lazy("%(n)s min ago")),
    (86400, 3600, gettext_lazy("%(n)s h ago")),
    (float("inf"), 86400, gettext_lazy("%(n)s d ago")),
)
"""(seconds below which it is said, seconds of its unit, sentence). static/js/ago.js says the same as time goes by."""


def ago(elapsed: timedelta) -> str:
    """Return the time since then, in the largest fitting unit."""
    seconds = max(0, int(elapsed.total_seconds()))
    unit, sentence = next((unit, sentence) for limit, unit, sentence in AGO if seconds < limit)
    return str(sentence) % {"n": seconds // unit}


def ago_sentences() -> list[tuple[float | None, int, str]]:
    """Return `AGO` for scripts, in the page's language; None for no limit."""
    return [(limit if limit < float("inf") else None, unit, str(sentence)) for limit, unit, sentence in AGO]


def duration(elapsed: timedelta) -> str:
    """Return a length of time, as exact as a reader needs."""
    seconds = elapsed.total_seconds()
    if seconds < 10:
        return _("%(n)s s") % {"n": f"{seconds:.1f}"}
    if seconds < 60:
        return _("%(n)s s") % {"n": round(seconds)}
    if seconds < 3600:
        return _("%(m)s min %(s)s s") % {"m": int(seconds // 60), "s": int(seconds % 60)}
    if seconds >= 48 * 3600:
        return _("%(d)s d %(h)s h") % {"d": int(seconds // 86400), "h": int(seconds % 86400 // 3600)}
    return _("%(h)s h %(m)s min") % {"h": int(seconds // 3600), "m": int(seconds % 3600 // 60)}
