"""Labels of states, tasks and times in pages. The APIs keep OpenStack's own."""

from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from compute.engine.actions import registry
from compute.engine.actions.base import Action
from compute.hosts.models import Hypervisor, Pool

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


_NOUNS: dict[str, str | Promise] = {
    "access_rule": gettext_lazy("Access rule"),
    "aggregate": gettext_lazy("Host aggregate"),
    "assignment": gettext_lazy("Role assignment"),
    "credential": gettext_lazy("Application credential"),
    "domain": gettext_lazy("Domain"),
    "endpoint": gettext_lazy("Endpoint"),
    "endpoint_filter": gettext_lazy("Endpoint filter"),
    "endpoint_group": gettext_lazy("Endpoint group"),
    "flavor": gettext_lazy("Flavor"),
    "group": gettext_lazy("Group"),
    "hypervisor": gettext_lazy("Host"),
    "image": gettext_lazy("Image"),
    "instance": gettext_lazy("Instance"),
    "keypair": gettext_lazy("SSH key"),
    "limit": gettext_lazy("Limit"),
    "operation": gettext_lazy("Operation"),
    "passkey": gettext_lazy("Passkey"),
    "policy": gettext_lazy("Policy"),
    "project": gettext_lazy("Project"),
    "quota": gettext_lazy("Quota"),
    "quota_request": gettext_lazy("Quota request"),
    "region": gettext_lazy("Region"),
    "registered_limit": gettext_lazy("Registered limit"),
    "role": gettext_lazy("Role"),
    "schedule": gettext_lazy("Schedule"),
    "second_factor": gettext_lazy("Second factor"),
    "server_group": gettext_lazy("Server group"),
    "service": gettext_lazy("Service"),
    "session": gettext_lazy("Session"),
    "setup": gettext_lazy("Setup"),
    "stored_credential": gettext_lazy("Stored credential"),
    "token": gettext_lazy("Token"),
    "user": gettext_lazy("User"),
    "volume": gettext_lazy("Volume"),
    "volume_type": gettext_lazy("Volume type"),
}
_VERBS: dict[str, str | Promise] = {
    "add": gettext_lazy("added"),
    "approve": gettext_lazy("approved"),
    "begin": gettext_lazy("signed in"),
    "bootstrap": gettext_lazy("completed"),
    "cancel": gettext_lazy("cancelled"),
    "console": gettext_lazy("console opened"),
    "create": gettext_lazy("created"),
    "delete": gettext_lazy("deleted"),
    "disable": gettext_lazy("turned off"),
    "enable": gettext_lazy("turned on"),
    "end": gettext_lazy("signed out"),
    "end_everywhere": gettext_lazy("signed out everywhere"),
    "grant": gettext_lazy("granted"),
    "imply": gettext_lazy("implied role added"),
    "invite": gettext_lazy("invited"),
    "link": gettext_lazy("linked"),
    "lock": gettext_lazy("locked"),
    "password": gettext_lazy("password changed"),
    "read": gettext_lazy("viewed"),
    "recovery": gettext_lazy("recovery code used"),
    "refuse": gettext_lazy("declined"),
    "remove": gettext_lazy("removed"),
    "renew_codes": gettext_lazy("recovery codes renewed"),
    "reset": gettext_lazy("reset"),
    "reset_link": gettext_lazy("reset link created"),
    "reset_user": gettext_lazy("reset for a user"),
    "retry": gettext_lazy("retried"),
    "revoke": gettext_lazy("revoked"),
    "stop_implying": gettext_lazy("implied role removed"),
    "unlock": gettext_lazy("unlocked"),
    "update": gettext_lazy("changed"),
    "update_user": gettext_lazy("changed for a user"),
    "withdraw": gettext_lazy("withdrawn"),
}


def audit_action(name: str) -> str:
    """Return an action of the audit log in words; those of no known noun or verb as they are."""
    noun, _dot, verb = name.partition(".")
    if (action := registry.find(name)) is not None:
        did: str | Promise = action.label
    else:
        did = _VERBS.get(verb, verb.replace("_", " "))
    return f"{_NOUNS.get(noun, noun.replace('_', ' ').capitalize())}: {did}"


def host_state(host: Hypervisor) -> tuple[str, str]:
    """Return the label of a host's state, and its colour."""
    if host.forced_down:
        return _("Declared down"), "red"
    if host.state != Hypervisor.State.UP:
        return _("Does not answer"), "red"
    return (_("Up"), "green") if host.enabled else (_("Takes no new instances"), "yellow")


def pool_state(pool: Pool) -> tuple[str, str]:
    """Return the label of a storage pool's state, and its colour."""
    colours = {Pool.State.READY: "green", Pool.State.FAILED: "red"}
    if pool.state == Pool.State.READY and not pool.enabled:
        return _("Takes no new volumes"), "yellow"
    return pool.get_state_display(), colours.get(Pool.State(pool.state), "blue")


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
