"""The interface of storage pools, whether their volumes are files, logical volumes or RBD images."""

from pathlib import Path
from typing import Protocol

from ..files import Progress, Source
from ..specs import BackingSpec, DiskFormat, PoolFacts, VolumeFacts
