"""Bring hypervisors up to date: their facts, and the pool, network and folders they must have."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from compute.driver.errors import DriverError
from compute.driver.host import capabilities, virtualization
from compute.driver.host.folders import make_private_folder, prepare_socket_folder
from compute.hosts.models import Hypervisor
from compute.hosts.services import hosts, inspection, pools

GIB = 2**30
log = structlog.get_logger(__name__)

INSPECTED = (
    "state",
    "state_reason",
    "vcpus",
    "memory_mib",
    "disk_gib",
    "disk_free_gib",
    "cpu_model",
    "arch",
    "libvirt_version",
    "qemu_version",
    "features",
    "problems",
    "synced_at",
    "seen_at",
)
"""The fields that `inspect` reads."""

_preparations: list[Callable[[Hypervisor], None]] = []
_inspections: list[Callable[[Hypervisor], list[tuple[str, str]]]] = []


def register_preparation(prepare_part: Callable[[Hypervisor], None]) -> None:
    """Let an area above prepare its part of each host. Call it once at start."""
    _preparations.append(prepare_part)


def register_inspection(problems: Callable[[Hypervisor], list[tuple[str, str]]]) -> None:
    """Let an area above report the problems of its part of a host. Call it once at start."""
    _inspections.append(problems)


def prepare(hypervisor: Hypervisor) -> None:
    """Read the host's facts and make what Meridian needs on it. Safe to repeat. Raise DriverError."""
    settings.STORAGE_DIR.mkdir(mode=0o711, parents=True, exist_ok=True)
    for folder in (hosts.CONSOLE_LOGS, hosts.IMAGES, hosts.FIRMWARE):
        make_private_folder(folder)
    prepare_socket_folder(hosts.SOCKETS, hypervisor.uri)
    row = pools.ensure(hypervisor)
    pool = pools.on(row, hypervisor)
    pool.ensure()
    for prepare_part in _preparations:
        prepare_part(hypervisor)
    how = _virtualization(hypervisor)
    hypervisor.virt_type, hypervisor.virt_reason = how
    inspect(hypervisor)
    save(hypervisor, "virt_type", "virt_reason")


def inspect(hypervisor: Hypervisor) -> None:
    """Read the host's facts and the problems of its parts. Raise DriverError if it does not answer."""
    row = pools.default(hypervisor)
    facts, pool = capabilities.facts(hypervisor.uri), pools.on(row, hypervisor)
    features = capabilities.features(hypervisor.uri)
    problems: list[tuple[str, str]] = []
    try:
        pool.list()
        space = pool.facts()
        pools.measure(row, space)
    except DriverError as error:
        problems.append((inspection.STORAGE, str(error)))
    else:
        hypervisor.disk_gib, hypervisor.disk_free_gib = (
            space.capacity_bytes // GIB,
            space.available_bytes // GIB,
        )
    for look_at_part in _inspections:
        problems += look_at_part(hypervisor)
    hypervisor.state, hypervisor.state_reason = Hypervisor.State.UP, ""
    hypervisor.vcpus, hypervisor.memory_mib = facts.vcpus, facts.memory_mib
    hypervisor.cpu_model, hypervisor.arch = facts.cpu_model, facts.arch
    hypervisor.libvirt_version, hypervisor.qemu_version = facts.libvirt_version, facts.qemu_version
    hypervisor.features, hypervisor.problems = sorted(features), problems
    hypervisor.synced_at = hypervisor.seen_at = timezone.now()


def save(hypervisor: Hypervisor, *fields: str) -> None:
    """Save the facts that `inspect` read, and these fields. Settings of administrators stay."""
    hypervisor.save(update_fields=[*INSPECTED, *fields])
    hypervisor.refresh_from_db()


def unreachable(hypervisor: Hypervisor, error: DriverError) -> None:
    """Mark the host as unreachable. Its instances keep their states, since nothing is known of them."""
    Hypervisor.objects.filter(pk=hypervisor.pk).update(
        state=Hypervisor.State.UNREACHABLE, state_reason=str(error)
    )
    hypervisor.refresh_from_db()


def look(hypervisor: Hypervisor) -> None:
    """Note that the host's libvirt answers, even if it was marked silent. Raise DriverError if it does not."""
    capabilities.ping(hypervisor.uri)
    Hypervisor.objects.filter(pk=hypervisor.pk).update(
        state=Hypervisor.State.UP, state_reason="", seen_at=timezone.now()
    )


def mark_silent() -> None:
    """Mark the hosts whose watcher has been silent too long. Its next report marks them as up again."""
    limit = timezone.now() - inspection.SILENT
    silent = Hypervisor.objects.filter(state=Hypervisor.State.UP, seen_at__lt=limit)
    for hypervisor in silent:
        reason = _("Nothing was heard of its watcher since %(time)s.") % {
            "time": f"{hypervisor.seen_at:%Y-%m-%d %H:%M:%S} UTC"
        }
        log.warning("host silent", host=hypervisor.name)
        silent.filter(pk=hypervisor.pk).update(state=Hypervisor.State.UNREACHABLE, state_reason=reason)


def _virtualization(hypervisor: Hypervisor) -> tuple[str, str]:
    """Return the type of virtualization and the reason: the setting, else the result of a probe guest."""
    if settings.VIRTUALIZATION != "detect":
        return settings.VIRTUALIZATION, "Set by MERIDIAN_VIRTUALIZATION."
    kernel, initrd = hosts.IMAGES / "probe-kernel", hosts.IMAGES / "probe-initrd"
    detected = virtualization.detect(
        hypervisor.uri, kernel, initrd, settings.DATA_DIR / "virtualization.json"
    )
    return detected.type, detected.reason
