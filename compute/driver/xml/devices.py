"""The devices of a guest."""

from dataclasses import dataclass
from typing import ClassVar

from ..specs import PortSpec
from ..specs.hardware import HardwareSpec
from .disks import Disk
from .element import Element, attribute, text
from .limits import InterfaceTuning
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
    network: str | None = attribute()
    path: str | None = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Element):
    TAG: ClassVar[str] = "target"
    type: str | None = attribute()
    dev: str | None = attribute()
    name: str | None = attribute()
    port: int | None = attribute()


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
    """A NIC. Its alias has the port's id, by which it is found when it is unplugged.

    Guests boot from disk, so a boot ROM would only cost time.
    """

    TAG: ClassVar[str] = "interface"
    type: str = attribute(default="network")
    mac: Mac
    source: Source
    target: Target
    model: Model
    rom: Rom
    alias: Alias
    tuning: InterfaceTuning | None = None

    @classmethod
    def from_spec(cls, spec: PortSpec, hardware: HardwareSpec) -> "Interface":
        """Return the NIC of a port."""
        return cls(
            mac=Mac(address=spec.mac),
            source=Source(network=spec.network),
            target=Target(dev=spec.tap_name),
            model=Model(type=hardware.vif_model),
            rom=Rom(enabled="no"),
            alias=Alias(name=f"ua-{spec.id}"),
            tuning=InterfaceTuning.from_hardware(hardware),
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
    """A rate of bytes in each `period` of milliseconds."""

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
