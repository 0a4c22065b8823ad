"""Where images are kept by the tests of images."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(image_folder: Path) -> Path:
    """Where images are kept."""
    return image_folder
