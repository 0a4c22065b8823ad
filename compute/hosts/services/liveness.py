"""Whether hosts are up, as their rows say: by what watchers and workers write, and by their silence."""

from datetime import datetime, timedelta

import structlog
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from compute.engine.services import broadcast, heartbeats
from compute.hosts.models import Hypervisor

log = structlog.get_logger(__name__)

WORKER = "worker"
RESTART = timedelta(minutes=1)
"""Time within which a host's libvirt is likely back, if it is merely restarted."""

State = Hypervisor.State


def libvirt_answers(host: Hypervisor) -> None:
    """Note that the host's libvirt has just answered. The host is up unless its worker is silent, or forced down."""
    row = Hypervisor.objects.filter(pk=host.pk)
    row.update(seen_at=timezone.now())
    if host.name not in heartbeats.silent(WORKER):
        _set(row, State.UP)


def libvirt_is_away(host: Hypervisor, reason: str) -> None:
    """Note that the host's libvirt does not answer. Its instances stay as they are, since nobody knows better."""
    _set(Hypervisor.objects.filter(pk=host.pk), State.UNREACHABLE, reason)


def worker_speaks(host: Hypervisor) -> None:
    """Note that this process, the host's worker, is alive. After a silence that makes the host up again."""
    was_silent = host.name in heartbeats.silent(WORKER)
    heartbeats.beat(WORKER)
    if was_silent:
        # At once, since what waited is placed now, and on no host that is not up.
        _set(Hypervisor.objects.filter(pk=host.pk, seen_at__gte=_limit()), State.UP)


def may_be_restarting(host: Hypervisor) -> bool:
    """Return whether the host does not answer, but did until a moment ago."""
    return (
        host.state == State.UNREACHABLE
        and not host.forced_down
        and host.seen_at is not None
        and host.seen_at > timezone.now() - RESTART
    )


def force_down(host: Hypervisor) -> None:
    """Mark the host as an administrator says it is: down, or to be up as soon as it says so itself."""
    if host.forced_down:
        _set(
            Hypervisor.objects.filter(pk=host.pk),
            State.UNREACHABLE,
            _("An administrator says that it is down."),
        )


def mark_silent() -> None:
    """Mark hosts as unreachable whose watcher or worker says nothing any more; their next word undoes it."""
    _mark(Q(seen_at__lt=_limit()), _("Nothing has been heard of its watcher lately."))
    _mark(Q(name__in=heartbeats.silent(WORKER)), _("Nothing has been heard of its worker lately."))


def _mark(silent: Q, reason: str) -> None:
    for host in Hypervisor.objects.filter(silent, state=State.UP):
        log.warning("host silent", host=host.name, reason=reason)
        _set(Hypervisor.objects.filter(silent, pk=host.pk), State.UNREACHABLE, reason)


def _set(rows: QuerySet[Hypervisor], state: State, reason: str = "") -> None:
    """Write the state, and announce it to all open pages if it is new. What is forced down does not come up."""
    if state == State.UP:
        rows = rows.filter(forced_down=False)
    if rows.exclude(state=state, state_reason=reason).update(state=state, state_reason=reason):
        broadcast.announce_to_everybody(["hosts"])


def _limit() -> datetime:
    return timezone.now() - heartbeats.SILENT
