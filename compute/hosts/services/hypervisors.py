"""Brings hypervisors up to date: what they are, and the pool, network and folders they must have."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from compute.driver.errors import DriverError
from compute.driver.host import capabilities, virtualization
from compute.driver.host.folders import make_private_folder, prepare_socket_folder
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts, pools

GIB = 2**30
SILENT = timedelta(seconds=14)
"""How long nothing may be heard of a host; its watcher says a word every four seconds."""

log = structlog.get_logger(__name__)

_preparations: list[Callable[[Hypervisor], None]] = []


def register_preparation(prepare_part: Callable[[Hypervisor], None]) -> None:
    """Have an area above make on each host what it needs there; called once at start."""
    _preparations.append(prepare_part)


def prepare(hypervisor: Hypervisor) -> None:
    """Read what the host is and make what Meridian needs on it; safe to repeat. Raises DriverError."""
    settings.STORAGE_DIR.mkdir(mode=0o711, parents=True, exist_ok=True)
    for folder in (hosts.CONSOLE_LOGS, hosts.IMAGES, hosts.FIRMWARE):
        make_private_folder(folder)
    prepare_socket_folder(hosts.SOCKETS, hypervisor.uri)
    row = pools.ensure(hypervisor)
    pool = pools.on(row, hypervisor)
    pool.ensure()
    pools.measure(row, hypervisor)
    for prepare_part in _preparations:
        prepare_part(hypervisor)
    facts = capabilities.facts(hypervisor.uri)
    how = _virtualization(hypervisor)
    Hypervisor.objects.filter(pk=hypervisor.pk).update(
        state=Hypervisor.State.UP,
        state_reason="",
        virt_type=how[0],
        virt_reason=how[1],
        vcpus=facts.vcpus,
        memory_mib=facts.memory_mib,
        disk_gib=pool.facts().capacity_bytes // GIB,
        cpu_model=facts.cpu_model,
        arch=facts.arch,
        libvirt_version=facts.libvirt_version,
        qemu_version=facts.qemu_version,
        features=sorted(capabilities.features(hypervisor.uri)),
        synced_at=timezone.now(),
        seen_at=timezone.now(),
    )
    hypervisor.refresh_from_db()


def unreachable(hypervisor: Hypervisor, error: DriverError) -> None:
    """Remember that the host does not answer; its instances are left as they are, for nobody knows."""
    Hypervisor.objects.filter(pk=hypervisor.pk).update(
        state=Hypervisor.State.UNREACHABLE, state_reason=str(error)
    )
    hypervisor.refresh_from_db()


def look(hypervisor: Hypervisor) -> None:
    """Note that the host's libvirt answers. Raise DriverError when it does not."""
    capabilities.ping(hypervisor.uri)
    Hypervisor.objects.filter(pk=hypervisor.pk).update(seen_at=timezone.now())


def mark_silent() -> None:
    """Mark hosts whose watcher says nothing any more; its next word marks them as up again."""
    limit = timezone.now() - SILENT
    silent = Hypervisor.objects.filter(state=Hypervisor.State.UP, seen_at__lt=limit)
    for hypervisor in silent:
        reason = _("Nothing was heard of its watcher since %(time)s.") % {
            "time": f"{hypervisor.seen_at:%Y-%m-%d %H:%M:%S} UTC"
        }
        log.warning("host silent", host=hypervisor.name)
        silent.filter(pk=hypervisor.pk).update(state=Hypervisor.State.UNREACHABLE, state_reason=reason)


def _virtualization(hypervisor: Hypervisor) -> tuple[str, str]:
    """What runs guests there and why: as set, else what a probe guest showed."""
    if settings.VIRTUALIZATION != "detect":
        return settings.VIRTUALIZATION, "Set by MERIDIAN_VIRTUALIZATION."
    kernel, initrd = hosts.IMAGES / "probe-kernel", hosts.IMAGES / "probe-initrd"
    found = virtualization.detect(hypervisor.uri, kernel, initrd, settings.DATA_DIR / "virtualization.json")
    return found.type, found.reason
