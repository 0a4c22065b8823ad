"""Bring hypervisors up to date: their facts, and the pool, network and folders they must have."""

from collections.abc import Callable

from django.conf import settings
from django.utils import timezone

from compute.driver.errors import DriverError
from compute.driver.host import capabilities, virtualization
from compute.driver.host.folders import make_private_folder, prepare_socket_folder
from compute.hosts.models import Hypervisor
from compute.hosts.services import added_pools, hosts, inspection, liveness, pools

GIB = 2**30

INSPECTED = (
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
    for folder in (hosts.CONSOLE_LOGS, hosts.IMAGES, hosts.FIRMWARE, hosts.DRAFTS, settings.BACKUPS_DIR):
        make_private_folder(folder)
    prepare_socket_folder(hosts.SOCKETS, hypervisor.uri)
    row = pools.ensure(hypervisor)
    pools.on(row, hypervisor).ensure()
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
    problems += [(inspection.pool_part(name), reason) for name, reason in added_pools.prepare(hypervisor)]
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
    liveness.libvirt_answers(hypervisor)
    hypervisor.refresh_from_db()


def look(hypervisor: Hypervisor) -> None:
    """Note that the host's libvirt answers. Raise DriverError if it does not."""
    capabilities.ping(hypervisor.uri)
    liveness.libvirt_answers(hypervisor)


def _virtualization(hypervisor: Hypervisor) -> tuple[str, str]:
    """Return the type of virtualization and the reason: the setting, else the result of a probe guest."""
    if settings.VIRTUALIZATION != "detect":
        return settings.VIRTUALIZATION, "Set by MERIDIAN_VIRTUALIZATION."
    kernel, initrd = hosts.IMAGES / "probe-kernel", hosts.IMAGES / "probe-initrd"
    detected = virtualization.detect(
        hypervisor.uri, kernel, initrd, settings.DATA_DIR / "virtualization.json"
    )
    return detected.type, detected.reason
