"""Hosts as pages show them: what of each is taken, beside what it has."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compute.hosts.models import Hypervisor
from compute.hosts.services.host_usage import HostUsage
from portal import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """An amount that is taken of one that there is, in the same unit."""

    label: str | Promise
    used: int
    total: int
    unit: str = ""

    @property
    def percent(self) -> int:
        """Return what is taken in percent, for bars: 0 to 100, even above the total."""
        return min(100, round(100 * self.used / self.total)) if self.total else 100 * bool(self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLine:
    """A host with its gauges. They count its overcommitment, as the scheduler does."""

    host: Hypervisor
    gauges: list[Gauge]
    running: int

    @property
    def state(self) -> tuple[str, str]:
        """Return the label of the state, and its colour."""
        return words.host_state(self.host)


def make_line(row: HostUsage) -> HostLine:
    host, used = row.hypervisor, row.used
    vcpus, ram_mib, disk_gib = host.capacity
    return HostLine(
        host=host,
        gauges=_gauges((used.vcpus, vcpus), (used.ram_mib, ram_mib), (used.disk_gib, disk_gib)),
        running=used.running,
    )


def total(lines: Iterable[HostLine]) -> list[Gauge]:
    """Return the gauges of all hosts together that are up and take new instances."""
    open_hosts = [line for line in lines if line.host.enabled and line.host.state == Hypervisor.State.UP]
    sums = [
        (sum(gauge.used for gauge in column), sum(gauge.total for gauge in column))
        for column in zip(*(line.gauges for line in open_hosts), strict=True)
    ]
    return _gauges(*(sums or [(0, 0)] * 3))


def _gauges(vcpus: tuple[int, int], memory: tuple[int, int], disk: tuple[int, int]) -> list[Gauge]:
    return [
        Gauge(label=label, used=used, total=there, unit=unit)
        for label, unit, (used, there) in (
            (_("vCPUs"), "", vcpus),
            (_("Memory"), "MiB", memory),
            (_("Disk"), "GiB", disk),
        )
    ]
