"""Where images are kept by the tests of images."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.test import override_settings

from compute.hosts.services import hosts
from compute.store import s3
from portal import file_storage
from tests import s3_server
from tests.s3_server import S3Server


@pytest.fixture
def folder(image_folder: Path) -> Path:
    """Where images are kept."""
    return image_folder


@pytest.fixture(scope="session")
def s3_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server.running(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def bucket(
    s3_service: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> Iterator[S3Server]:
    """Image files are kept by the service, in parts small enough that a test has several."""
    for name, value in s3_service.settings(tmp_path / "secret").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3, "PART_BYTES", 5 * 2**20)
    with override_settings(STORAGES={"images": file_storage.storage("IMAGES", hosts.IMAGES)}):
        assert storages["images"].bucket_name == s3_server.BUCKET
        yield s3_service
    s3_service.bucket().objects.all().delete()
    (tmp_path / "secret").unlink()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest) -> str:
    """Each of the two in turn."""
    request.getfixturevalue(request.param)
    return str(request.param)
