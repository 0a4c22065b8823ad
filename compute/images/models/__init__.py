"""Rows of images."""

from compute.images.models.image import Image
from compute.images.models.image_member import ImageMember

__all__ = ["Image", "ImageMember"]
