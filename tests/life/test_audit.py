"""`manage.py audit` names what rows and hosts do not agree on: disks, volumes and copies of images."""

import uuid
from collections.abc import Iterator

import pytest

from tests.life.test_verbs import Subject
from tests.stack import Browserless, Stack, wait_for


@pytest.fixture
def subject(stack: Stack, admin: Browserless) -> Iterator[Subject]:
    assert admin.launch(stack, "audited").status == 200
    stack.wait_for_state("audited", "active", 120)
    subject = Subject(stack, admin, "audited")
    subject.act("force_stop", "stopped")
    yield subject
    subject.act("purge", "deleted")


def test_a_volume_without_a_row_and_a_row_without_a_volume(stack: Stack, subject: Subject) -> None:
    assert stack.audit() == ""
    stray = stack.pool / f"disk-{uuid.uuid4()}"
    file = subject.disk_file()
    away = stack.root / file.name
    try:
        stray.write_bytes(b"\0" * 512)
        (line,) = stack.audit().splitlines()
        assert line.endswith(f": volume {stray.name} belongs to no disk")
        file.rename(away)
        found = stack.audit().splitlines()
        assert [line.partition(": ")[2] for line in found] == [
            f"volume {file.name} is missing",
            f"volume {stray.name} belongs to no disk",
        ]
    finally:
        stray.unlink(missing_ok=True)
        if away.exists():
            away.rename(file)
    assert stack.audit() == ""


def test_the_copy_and_the_file_of_an_image_that_is_none(stack: Stack) -> None:
    """The host's watcher evicts such a copy by itself; the audit tells of it until then."""
    copied, kept = str(uuid.uuid4()), str(uuid.uuid4())
    copy, file = stack.pool / f"image-{copied}", stack.root / f"storage/images/{kept}"
    try:
        file.write_bytes(b"\0" * 512)
        with stack.holding("watch"):
            copy.write_bytes(b"\0" * 512)
            found = [line.partition(": ")[2] for line in stack.audit().splitlines()]
            assert found == [f"file of image {key} belongs to no image" for key in sorted((copied, kept))]
        wait_for(lambda: not copy.exists(), "the watcher to evict it", 30)
    finally:
        file.unlink(missing_ok=True)
        copy.unlink(missing_ok=True)
    assert stack.audit() == ""
