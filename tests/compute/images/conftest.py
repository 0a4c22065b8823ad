"""Where images are kept by the tests of images."""

from pathlib import Path

import pytest

from compute.hosts.services import hosts


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where images are kept."""
    monkeypatch.setattr(hosts, "IMAGES", tmp_path)
    return tmp_path
