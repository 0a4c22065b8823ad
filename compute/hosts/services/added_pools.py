"""Storage pools that administrators add: folders on further disks of a host."""

import re
from pathlib import Path, PurePosixPath

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput, Conflict, NotFound
from accounts.services import announcements, audit
from compute.driver.errors import DriverError, StorageNotFound
from compute.engine.services import dispatch
from compute.hosts.models import Hypervisor, Pool
from compute.hosts.services import host_usage, hosts, pools

TASK = "compute.prepare_pools"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST = 1024
log = structlog.get_logger(__name__)

HOSTS = "hosts"
"""The topic of pages that show pools."""


def of_host(context: Context, host: Hypervisor) -> list[tuple[Pool, int]]:
    """Return the host's pools, its own first, with the bytes that their disks may grow to. Raise Forbidden."""
    policy.enforce(context, "hypervisor:read")
    rows = host.pools.annotate(used_bytes=Sum("disks__size_bytes", default=0))
    return [(pool, pool.used_bytes) for pool in rows]


@transaction.atomic
def add(context: Context, host_key: object, name: object, folder: object) -> Pool:
    """Add a pool on a host, in a folder of its own within `folder`. The host prepares it soon.

    Raise Forbidden, NotFound, BadInput naming `name` or `folder`.
    """
    host = host_usage.lock(context, host_key)
    name, within, wrong = str(name or "").strip(), PurePosixPath(str(folder or "").strip()), {}
    if not NAME.fullmatch(name):
        wrong["name"] = _("Use 1 to 64 letters, digits, hyphens, dots and underscores.")
    elif host.pools.filter(name=name).exists():
        wrong["name"] = _("%(host)s has a pool of this name.") % {"host": host}
    path = str(within / f"meridian-{hosts.installation().short}")
    if not within.is_absolute() or ".." in within.parts or len(path) > LONGEST or not path.isprintable():
        wrong["folder"] = _("Give the whole path of a folder, such as /mnt/fast.")
    elif host.pools.filter(Q(path=path) | Q(path=str(within))).exists():
        wrong["folder"] = _("A pool of %(host)s lies there already.") % {"host": host}
    if wrong:
        raise BadInput(fields=wrong)
    pool = Pool.objects.create(name=name, path=path, state=Pool.State.PREPARING)
    pool.hosts.add(host)
    audit.record(context, "pool.create", pool, host=host.name, path=path)
    _changed(host)
    return pool


@transaction.atomic
def enable(context: Context, key: object, enabled: bool) -> Pool:
    """Have the pool take new volumes, or none. Raise Forbidden, NotFound."""
    pool = _locked(context, key)
    _enable(context, pool, enabled)
    announcements.changed("", HOSTS)
    return pool


@transaction.atomic
def enable_all(context: Context, host_key: object, enabled: bool, reason: str = "") -> Hypervisor:
    """Have all pools of a host take new volumes, or none, for a reason. Raise Forbidden, NotFound."""
    host = host_usage.lock(context, host_key)
    for pool in host.pools.select_for_update(of=("self",)):
        _enable(context, pool, enabled, reason)
    announcements.changed("", HOSTS)
    return host


def _enable(context: Context, pool: Pool, enabled: bool, reason: str = "") -> None:
    pool.enabled, pool.disabled_reason = enabled, "" if enabled else reason[:255]
    pool.save(update_fields=["enabled", "disabled_reason"])
    audit.record(context, "pool.update", pool, enabled=enabled)


@transaction.atomic
def remove(context: Context, key: object) -> Pool:
    """Remove an empty pool that was added. Its host does that soon. Raise Forbidden, NotFound, Conflict."""
    pool = _locked(context, key)
    if pools.is_own(pool):
        raise Conflict(_("Hosts keep their images in this pool."))
    if pool.disks.exists():
        raise Conflict(_("There are volumes in %(pool)s. Move or delete them first.") % {"pool": pool})
    pool.state = Pool.State.LEAVING
    pool.save(update_fields=["state"])
    audit.record(context, "pool.delete", pool)
    for host in pool.hosts.all():
        _changed(host)
    return pool


def prepare(host: Hypervisor) -> list[tuple[str, str]]:
    """Prepare and measure the host's added pools, and remove those that leave. Safe to repeat.

    Return the names of those that cannot be used, each with the reason.
    """
    failed = []
    for pool in host.pools.all():
        if pools.is_own(pool):
            continue
        if pool.state == Pool.State.LEAVING:
            _remove(pool, host)
        elif reason := _look(pool, host):
            failed.append((pool.name, reason))
    return failed


def _look(pool: Pool, host: Hypervisor) -> str:
    """Prepare an added pool, and note how full it is. Return why it cannot be used; empty if it can."""
    there, is_new = pools.on(pool, host), not pool.capacity_bytes
    try:
        if is_new and not Path(pool.path).parent.is_dir():
            raise StorageNotFound(f"There is no folder {Path(pool.path).parent} on {host.name}.")
        there.ensure(new=is_new)
        there.list()
        pools.measure(pool, there.facts())
    except DriverError as error:
        if error.retryable:  # it is busy, say; that does not make it worse than it was
            return pool.state_reason
        log.warning("pool failed", pool=pool.name, reason=str(error))
        state, reason = Pool.State.FAILED, str(error)
    else:
        state, reason = Pool.State.READY, ""
    if (pool.state, pool.state_reason) != (state, reason):
        rows = Pool.objects.filter(pk=pool.pk).exclude(state=Pool.State.LEAVING)
        rows.update(state=state, state_reason=reason)
        announcements.changed("", HOSTS)
    return reason


def _remove(pool: Pool, host: Hypervisor) -> None:
    """Remove the pool from the host. The row stays while that is impossible."""
    try:
        pools.on(pool, host).forget()
    except DriverError as error:
        Pool.objects.filter(pk=pool.pk).update(state_reason=str(error))
    else:
        pool.delete()
    announcements.changed("", HOSTS)


def _changed(host: Hypervisor) -> None:
    dispatch.send_to_host_on_commit(TASK, host.pk)
    announcements.changed("", HOSTS)


def _locked(context: Context, key: object) -> Pool:
    policy.enforce(context, "hypervisor:write")
    try:
        return Pool.objects.select_for_update().get(pk=str(key))
    except (Pool.DoesNotExist, ValueError, ValidationError) as error:
        raise NotFound(_("Storage pool %(key)s could not be found.") % {"key": str(key)[:64]}) from error
