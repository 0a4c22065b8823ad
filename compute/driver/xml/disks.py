"""Disks and CD-ROMs, with their backing images."""

from dataclasses import dataclass
from typing import ClassVar

from ..specs import BackingSpec, DiskSpec
from ..specs.hardware import DiskLimits
from ..specs.sources import BlockSource, DiskSource, FileSource, NetworkSource
from .element import Element, attribute, leaf
from .limits import DiskTuning

CACHES = {"file": "writeback", "block": "none", "network": "writeback"}
"""Cache modes. Files share their image's pages in the host's memory; a block device may move to another host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHost(Element):
    TAG: ClassVar[str] = "host"
    name: str = attribute()
    port: int | None = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret(Element):
    TAG: ClassVar[str] = "secret"
    type: str = attribute()
    uuid: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth(Element):
    TAG: ClassVar[str] = "auth"
    username: str = attribute()
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Element):
    """The source of a disk."""

    TAG: ClassVar[str] = "source"
    file: str | None = attribute()
    dev: str | None = attribute()
    protocol: str | None = attribute()
    name: str | None = attribute()
    hosts: tuple[SourceHost, ...] = ()
    auth: Auth | None = None

    @classmethod
    def from_source(cls, source: DiskSource) -> "Source":
        """Return the element of a source."""
        match source:
            case FileSource(path=path):
                return cls(file=str(path))
            case BlockSource(device=device):
                return cls(dev=str(device))
            case NetworkSource():
                return cls(
                    protocol=source.protocol,
                    name=source.name,
                    hosts=tuple(SourceHost(name=host.name, port=host.port) for host in source.hosts),
                    auth=_auth(source),
                )


def _auth(source: NetworkSource) -> Auth | None:
    if source.auth is None:
        return None
    kind = "ceph" if source.protocol == "rbd" else "iscsi"
    return Auth(username=source.auth.username, secret=Secret(type=kind, uuid=source.auth.secret_uuid))


def kind(source: DiskSource | None) -> str:
    """Return libvirt's type of a disk with this source. An empty drive is of files."""
    match source:
        case None:
            return "file"
        case FileSource():
            return "file"
        case BlockSource():
            return "block"
        case NetworkSource():
            return "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format(Element):
    TAG: ClassVar[str] = "format"
    type: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingStore(Element):
    """A backing image; an empty element ends the chain, so that no image file can extend it."""

    TAG: ClassVar[str] = "backingStore"
    type: str | None = attribute()
    format: Format | None = None
    source: Source | None = None
    backing: "BackingStore | None" = None

    @classmethod
    def from_spec(cls, spec: BackingSpec | None) -> "BackingStore":
        """Return the chain of backing images from `spec` to its end."""
        if spec is None:
            return cls()
        return cls(
            type=kind(spec.source),
            format=Format(type=spec.format),
            source=Source.from_source(spec.source),
            backing=cls.from_spec(spec.backing),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskDriver(Element):
    TAG: ClassVar[str] = "driver"
    name: str = attribute(default="qemu")
    type: str = attribute()
    cache: str | None = attribute()
    discard: str | None = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskTarget(Element):
    TAG: ClassVar[str] = "target"
    dev: str = attribute()
    bus: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot(Element):
    TAG: ClassVar[str] = "boot"
    order: int = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOnly(Element):
    TAG: ClassVar[str] = "readonly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk(Element):
    """A disk or CD-ROM."""

    TAG: ClassVar[str] = "disk"
    type: str = attribute()
    device: str = attribute()
    driver: DiskDriver
    source: Source | None = None
    backing: BackingStore | None = None
    target: DiskTarget
    serial: str | None = leaf()
    tuning: DiskTuning | None = None
    boot: Boot | None = None
    readonly: ReadOnly | None = None

    @classmethod
    def from_spec(cls, spec: DiskSpec, limits: DiskLimits | None = None) -> "Disk":
        """Return the disk of a spec, with its own limits, else these, unless it is a CD-ROM."""
        limits = spec.limits or limits
        writable = spec.device == "disk" and not spec.read_only
        return cls(
            type=kind(spec.source),
            device=spec.device,
            driver=DiskDriver(
                type=spec.format,
                cache=CACHES[kind(spec.source)] if writable else None,
                discard="unmap" if writable else None,
            ),
            source=None if spec.source is None else Source.from_source(spec.source),
            backing=None if spec.source is None else BackingStore.from_spec(spec.backing),
            target=DiskTarget(dev=spec.target, bus=spec.bus),
            serial=spec.serial,
            tuning=DiskTuning.from_limits(limits) if limits and spec.device == "disk" else None,
            boot=None if spec.boot_order is None else Boot(order=spec.boot_order),
            readonly=None if writable else ReadOnly(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyTarget(Element):
    """The destination of a block copy."""

    TAG: ClassVar[str] = "disk"
    type: str = attribute()
    driver: DiskDriver
    source: Source

    @classmethod
    def from_source(cls, destination: DiskSource) -> "CopyTarget":
        """Return the element of an existing qcow2 volume."""
        return cls(
            type=kind(destination), driver=DiskDriver(type="qcow2"), source=Source.from_source(destination)
        )
