"""The Celery tasks of workers about their host."""

from celery import shared_task

from compute.engine.services import served_host
from compute.hosts.models import Hypervisor
from compute.hosts.services import added_pools


@shared_task(name=added_pools.TASK)
def prepare_pools() -> None:
    """Prepare the pools of this worker's host. Its watcher does the same every minute."""
    if (key := served_host.host_id()) is not None:
        added_pools.prepare(Hypervisor.objects.get(pk=key))
