"""The devices of a guest."""

from dataclasses import dataclass
from typing import ClassVar

from ..guest.hardware import DiskLimits, HardwareSpec
from ..specs import BackingSpec, DiskSpec, PortSpec
from .element import Element, attribute, text
from .limits import CardTuning, DiskTuning
from .optional import Tpm, Watchdog


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller(Element):
    TAG: ClassVar[str] = "controller"
    type: str = attribute()
    index: int | None = attribute()
    model: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Element):
    TAG: ClassVar[str] = "source"
    file: str | None = attribute()
    network: str | None = attribute()
    path: str | None = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Element):
    TAG: ClassVar[str] = "target"
    type: str | None = attribute()
    dev: str | None = attribute()
    bus: str | None = attribute()
    name: str | None = attribute()
    port: int | None = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format(Element):
    TAG: ClassVar[str] = "format"
    type: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingStore(Element):
    """An image under another; an empty one ends the chain, so that no image file can extend it."""

    TAG: ClassVar[str] = "backingStore"
    type: str | None = attribute()
    format: Format | None = None
    source: Source | None = None
    backing: "BackingStore | None" = None

    @classmethod
    def of(cls, spec: BackingSpec | None) -> "BackingStore":
        """The chain from `spec` down to its end."""
        if spec is None:
            return cls()
        return cls(
            type="file",
            format=Format(type=spec.format),
            source=Source(file=str(spec.path)),
            backing=cls.of(spec.backing),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskDriver(Element):
    TAG: ClassVar[str] = "driver"
    name: str = attribute(default="qemu")
    type: str = attribute()
    cache: str | None = attribute()
    discard: str | None = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot(Element):
    TAG: ClassVar[str] = "boot"
    order: int = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOnly(Element):
    TAG: ClassVar[str] = "readonly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk(Element):
    """A disk or CD-ROM. Write-back caching lets guests of one image share it in the host's memory."""

    TAG: ClassVar[str] = "disk"
    type: str = attribute(default="file")
    device: str = attribute()
    driver: DiskDriver
    source: Source
    backing: BackingStore
    target: Target
    tuning: DiskTuning | None = None
    boot: Boot | None = None
    readonly: ReadOnly | None = None

    @classmethod
    def of(cls, spec: DiskSpec, limits: DiskLimits | None = None) -> "Disk":
        """The disk of a spec; CD-ROMs go without limits."""
        writable = spec.device == "disk" and not spec.read_only
        return cls(
            device=spec.device,
            driver=DiskDriver(
                type=spec.format,
                cache="writeback" if writable else None,
                discard="unmap" if writable else None,
            ),
            source=Source(file=str(spec.path)),
            backing=BackingStore.of(spec.backing),
            target=Target(dev=spec.target, bus=spec.bus),
            tuning=DiskTuning.of(limits) if limits and spec.device == "disk" else None,
            boot=None if spec.boot_order is None else Boot(order=spec.boot_order),
            readonly=None if writable else ReadOnly(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mac(Element):
    TAG: ClassVar[str] = "mac"
    address: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Element):
    TAG: ClassVar[str] = "model"
    type: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias(Element):
    TAG: ClassVar[str] = "alias"
    name: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rom(Element):
    TAG: ClassVar[str] = "rom"
    enabled: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface(Element):
    """A network card. Its alias carries the port's id, so that it can be found again to unplug it.

    Guests boot from disk, so the card's boot ROM would only cost time.
    """

    TAG: ClassVar[str] = "interface"
    type: str = attribute(default="network")
    mac: Mac
    source: Source
    target: Target
    model: Model
    rom: Rom
    alias: Alias
    tuning: CardTuning | None = None

    @classmethod
    def of(cls, spec: PortSpec, hardware: HardwareSpec) -> "Interface":
        """The card of a port."""
        return cls(
            mac=Mac(address=spec.mac),
            source=Source(network=spec.network),
            target=Target(dev=spec.tap_name),
            model=Model(type=hardware.vif_model),
            rom=Rom(enabled="no"),
            alias=Alias(name=f"ua-{spec.id}"),
            tuning=CardTuning.of(hardware),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Log(Element):
    TAG: ClassVar[str] = "log"
    file: str = attribute()
    append: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial(Element):
    TAG: ClassVar[str] = "serial"
    type: str = attribute()
    source: Source | None = None
    log: Log | None = None
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(Element):
    TAG: ClassVar[str] = "channel"
    type: str = attribute()
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Input(Element):
    TAG: ClassVar[str] = "input"
    type: str = attribute()
    bus: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graphics(Element):
    TAG: ClassVar[str] = "graphics"
    type: str = attribute()
    socket: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(Element):
    TAG: ClassVar[str] = "video"
    model: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend(Element):
    TAG: ClassVar[str] = "backend"
    model: str = attribute()
    path: str = text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Element):
    """`period` in milliseconds."""

    TAG: ClassVar[str] = "rate"
    bytes: int = attribute()
    period: int | None = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Random(Element):
    TAG: ClassVar[str] = "rng"
    model: str = attribute()
    rate: Rate | None = None
    backend: Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats(Element):
    TAG: ClassVar[str] = "stats"
    period: int = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balloon(Element):
    TAG: ClassVar[str] = "memballoon"
    model: str = attribute()
    stats: Stats | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panic(Element):
    TAG: ClassVar[str] = "panic"
    model: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices(Element):
    TAG: ClassVar[str] = "devices"
    controllers: tuple[Controller, ...] = ()
    disks: tuple[Disk, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    serials: tuple[Serial, ...] = ()
    channels: tuple[Channel, ...] = ()
    inputs: tuple[Input, ...] = ()
    graphics: Graphics | None = None
    video: Video | None = None
    random: Random | None = None
    balloon: Balloon
    panic: Panic | None = None
    watchdog: Watchdog | None = None
    tpm: Tpm | None = None
