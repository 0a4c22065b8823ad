"""Limits of guests: CPU time, disk and network rates."""

from dataclasses import dataclass
from typing import ClassVar, Self

from ..specs import hardware
from .element import Element, attribute, leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuTuning(Element):
    TAG: ClassVar[str] = "cputune"
    shares: int | None = leaf()
    period: int | None = leaf()
    quota: int | None = leaf()

    @classmethod
    def from_limits(cls, limits: hardware.CpuLimits) -> "CpuTuning":
        """Return the element of these limits."""
        return cls(shares=limits.shares, period=limits.period, quota=limits.quota)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskTuning(Element):
    TAG: ClassVar[str] = "iotune"
    total_bytes_sec: int | None = leaf()
    read_bytes_sec: int | None = leaf()
    write_bytes_sec: int | None = leaf()
    total_iops_sec: int | None = leaf()
    read_iops_sec: int | None = leaf()
    write_iops_sec: int | None = leaf()

    @classmethod
    def from_limits(cls, limits: hardware.DiskLimits) -> "DiskTuning":
        """Return the element of these limits."""
        return cls(
            total_bytes_sec=limits.total_bytes_sec,
            read_bytes_sec=limits.read_bytes_sec,
            write_bytes_sec=limits.write_bytes_sec,
            total_iops_sec=limits.total_iops_sec,
            read_iops_sec=limits.read_iops_sec,
            write_iops_sec=limits.write_iops_sec,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit(Element):
    """The rates of one direction, from the guest's point of view."""

    average: int = attribute()
    peak: int | None = attribute()
    burst: int | None = attribute()

    @classmethod
    def from_limits(cls, limits: hardware.Bandwidth | None) -> Self | None:
        """Return the element of these limits; None without limits."""
        if limits is None:
            return None
        return cls(average=limits.average, peak=limits.peak, burst=limits.burst)


class Inbound(RateLimit):
    TAG: ClassVar[str] = "inbound"


class Outbound(RateLimit):
    TAG: ClassVar[str] = "outbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceTuning(Element):
    TAG: ClassVar[str] = "bandwidth"
    inbound: Inbound | None = None
    outbound: Outbound | None = None

    @classmethod
    def from_hardware(cls, spec: hardware.HardwareSpec) -> Self | None:
        """Return the element of both directions; None without limits."""
        if spec.inbound is None and spec.outbound is None:
            return None
        return cls(inbound=Inbound.from_limits(spec.inbound), outbound=Outbound.from_limits(spec.outbound))
