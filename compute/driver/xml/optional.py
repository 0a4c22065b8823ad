"""Devices that only some guests have."""

from dataclasses import dataclass
from typing import ClassVar

from ..specs import hardware
from .element import Element, attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchdog(Element):
    TAG: ClassVar[str] = "watchdog"
    model: str = attribute(default="i6300esb")
    action: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class TpmBackend(Element):
    TAG: ClassVar[str] = "backend"
    type: str = attribute(default="emulator")
    version: str = attribute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tpm(Element):
    TAG: ClassVar[str] = "tpm"
    model: str = attribute()
    backend: TpmBackend

    @classmethod
    def from_spec(cls, spec: hardware.Tpm) -> "Tpm":
        """Return the TPM of a spec."""
        return cls(model=spec.model, backend=TpmBackend(version=spec.version))
