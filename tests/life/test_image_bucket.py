"""Images in a bucket from end to end: launched from, taken of an instance, deleted, with nothing beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import s3_server
from tests.life.test_taken_images import dashed, image_row, is_deleted
from tests.s3_server import S3Server
from tests.stack import QUICK_HASHES, Browserless, Stack, running, wait_for

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server.running(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def stack(service: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """An installation of its own."""
    environment = service.settings(tmp_path_factory.mktemp("secret") / "file")
    with running(halting=True, **environment, **QUICK_HASHES) as stack:
        yield stack


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Browserless:
    return stack.bootstrap()


def kept(stack: Stack) -> list[Path]:
    """Files of images on the host."""
    return list((stack.root / "storage/images").glob("*-*-*-*-*"))


def test_images_live_in_the_bucket_alone(stack: Stack, admin: Browserless, service: S3Server) -> None:
    assert admin.launch(stack, "origin").status == 200
    stack.wait_for_state("origin", "active", 120)
    before = {item.key for item in service.bucket().objects.all()}
    assert before == {dashed(row["id"]) for row in stack.rows("select id from compute_image")}
    uuid = stack.instance("origin")["uuid"]
    assert admin.post(f"/instances/{uuid}/actions/take_image/", name="golden").status == 200
    wait_for(lambda: (row := image_row(stack, "golden")) and row["status"] == "active", "the image", 90)
    key = dashed(image_row(stack, "golden")["id"])
    assert {item.key for item in service.bucket().objects.all()} == before | {key}
    assert kept(stack) == []
    assert admin.launch(stack, "copy", image_id=key).status == 200
    stack.wait_for_state("copy", "active", 120)
    for name in ("copy", "origin"):
        assert admin.act(stack, name, "purge").status == 200
        stack.wait_for_state(name, "deleted", 60)
    assert admin.post(f"/images/{key}/delete/").status == 200
    wait_for(lambda: is_deleted(stack, "golden"), "the image to be gone")
    assert {item.key for item in service.bucket().objects.all()} == before
    said = stack.manage("doctor", check=False).stdout
    assert "the file of" not in said
    assert s3_server.SECRET not in stack.log.read_text()
