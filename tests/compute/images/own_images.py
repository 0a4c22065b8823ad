"""Images of a project, with their files."""

from accounts.context import Context
from compute.images.models import Image
from compute.images.services import image_files
from tests import factories


def own(context: Context, **fields: object) -> Image:
    """An image of the asker's project, with its file."""
    image = factories.ImageFactory(project=context.project, visibility="private", **fields)
    image_files.draft_of(image).write_bytes(b"x")
    return image
