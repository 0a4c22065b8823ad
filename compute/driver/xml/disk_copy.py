"""Where the copy of a running guest's disk goes."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .devices import DiskDriver, Source
from .element import Element, attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyTarget(Element):
    TAG: ClassVar[str] = "disk"
    type: str = attribute(default="file")
    driver: DiskDriver
    source: Source


def copy_target(destination: Path) -> CopyTarget:
    """An existing qcow2 file to copy into."""
    return CopyTarget(driver=DiskDriver(type="qcow2"), source=Source(file=str(destination)))
