"""Where files of images and backups lie: in folders or in buckets. Both are Django storages, by these names."""

from typing import Literal, cast

from django.core.files.storage import storages

from compute.driver.files import Data
from compute.store.base import PIECE_BYTES, FileStore, Part

__all__ = ["PIECE_BYTES", "Data", "FileStore", "Part", "file_store"]


def file_store(name: Literal["images", "backups"]) -> FileStore:
    """Return the store that the settings name."""
    return cast("FileStore", storages[name])
