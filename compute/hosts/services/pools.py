"""Storage pools: their rows, and the driver's pool of a row."""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.locking import lock_all
from compute.driver.specs import PoolFacts
from compute.driver.storage import pool as driver
from compute.driver.storage.directory import DirectoryPool
from compute.engine.services import served_host
from compute.hosts.models import Hypervisor, Pool
from compute.hosts.services import hosts


@transaction.atomic
def ensure(host: Hypervisor) -> Pool:
    """Return the host's own pool, with a row made at its first start."""
    lock_all(Hypervisor.objects.select_for_update(no_key=True).filter(pk=host.pk))
    name, path = _own_name(), str(settings.STORAGE_DIR / "pool")
    pool = host.pools.filter(name=name).first()
    if pool is None:
        pool = Pool.objects.create(name=name, path=path)
        pool.hosts.add(host)
    elif pool.path != path:
        pool.path = path
        pool.save(update_fields=["path"])
    return pool


def is_own(pool: Pool) -> bool:
    """Return whether each of its hosts has made the pool for itself, with the copies of images."""
    return pool.name == _own_name()


def default(host: Hypervisor) -> Pool:
    """Return the pool for new disks on the host."""
    return host.pools.first() or ensure(host)


def own(host: Hypervisor) -> driver.Pool:
    """Return the driver's pool for new disks and images on the host."""
    return on(default(host), host)


def measure(pool: Pool, facts: PoolFacts) -> None:
    """Note how full the pool is."""
    Pool.objects.filter(pk=pool.pk).update(
        capacity_bytes=facts.capacity_bytes, available_bytes=facts.available_bytes
    )


def on(pool: Pool, host: Hypervisor) -> driver.Pool:
    """Return the driver's pool on the host."""
    # Other installations on this host may have a pool of the same name.
    name = pool.name if is_own(pool) else f"{_own_name()}-{pool.name}"
    return DirectoryPool(host.uri, name, Path(pool.path))


def handle(pool: Pool) -> driver.Pool:
    """Return the driver's pool on this process's host. Raise LookupError if the pool has no host."""
    host = reaching(pool)
    if host is None:
        raise LookupError(f"The pool {pool.name} has no host.")
    return on(pool, host)


def reaching(pool: Pool) -> Hypervisor | None:
    """Return a host that reaches the pool: this process's, if it does; None if there is none."""
    hosts_of_pool = pool.hosts.order_by("name")
    local = served_host.host_id()
    return (hosts_of_pool.filter(pk=local).first() if local else None) or hosts_of_pool.first()


def _own_name() -> str:
    return f"meridian-{hosts.installation().short}"
