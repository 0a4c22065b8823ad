"""Rows of images."""

from compute.images.models.image import Image

__all__ = ["Image"]
