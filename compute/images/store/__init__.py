"""Where image files lie: a folder or a bucket. Both are Django storages, by the name `images`."""

from typing import cast

from django.core.files.storage import storages

from compute.driver.files import Data
from compute.images.store.base import ImageStore, Part

__all__ = ["Data", "ImageStore", "Part", "image_store"]


def image_store() -> ImageStore:
    """Return the store that the settings name."""
    return cast("ImageStore", storages["images"])
