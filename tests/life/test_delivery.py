"""Images on their way to hosts and out of the world: shared by launches, resumed, failed, cancelled, deleted."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.life.test_interrupted import nothing_left, purge, reached
from tests.life.test_taken_images import dashed, image_row, is_deleted, taken
from tests.life.test_verbs import Subject
from tests.stack import Browserless, Stack, wait_for

HELD = "hold-image.deliver.claim"
"""A delivery that is held here has copied nothing yet."""

Picture = Callable[[str], Path]


@pytest.fixture(scope="module")
def source(stack: Stack, admin: Browserless) -> Iterator[Subject]:
    assert admin.launch(stack, "pictured").status == 200
    stack.wait_for_state("pictured", "active", 120)
    source = Subject(stack, admin, "pictured")
    source.act("force_stop", "stopped")
    yield source
    source.act("purge", "deleted")


@pytest.fixture
def picture(stack: Stack, admin: Browserless, source: Subject) -> Iterator[Picture]:
    """Makes images that no host has a copy of."""
    made: list[str] = []

    def make(name: str) -> Path:
        made.append(name)
        return taken(source, name)

    yield make
    for left in stack.failpoints.iterdir():
        left.unlink()
    for name in made:
        if image_row(stack, name)["task_state"] is None and not is_deleted(stack, name):
            assert admin.post(f"/images/{dashed(image_row(stack, name)['id'])}/delete/").status == 200
            wait_for(lambda name=name: is_deleted(stack, name), f"the image {name} to be gone", 60)


def deliveries(stack: Stack, file: Path) -> list[dict[str, Any]]:
    return stack.rows(
        "select * from compute_operation where kind = 'image.deliver' and subject_id = ? order by created_at",
        file.name.replace("-", ""),
    )


def launch_both(stack: Stack, admin: Browserless, file: Path, *names: str) -> None:
    """Launch them from the image, and wait until all wait for one delivery, which is held."""
    (stack.failpoints / HELD).touch()
    for name in names:
        assert admin.launch(stack, name, image_id=file.name).status == 200
    for name in names:
        wait_for(lambda name=name: reached(stack, name, "launch.image"), f"{name} to wait")
    wait_for(lambda: [row["state"] for row in deliveries(stack, file)] == ["running"], "the delivery")


def let_go(stack: Stack) -> None:
    (stack.failpoints / HELD).unlink()


def test_two_launches_share_one(stack: Stack, admin: Browserless, picture: Picture) -> None:
    """Its worker is killed after each step meanwhile."""
    file = picture("shared")
    launch_both(stack, admin, file, "first", "second")
    for place in ("copy", "close"):
        (stack.failpoints / f"image.deliver.{place}").touch()
    (delivery,) = deliveries(stack, file)
    assert admin.get("/activity/").text.count(f'id="operation-{dashed(delivery["id"])}"') == 1
    let_go(stack)
    for name in ("first", "second"):
        stack.wait_for_state(name, "active", 120)
    assert not list(stack.failpoints.iterdir()), "nobody came there"
    assert [row["state"] for row in deliveries(stack, file)] == ["succeeded"]
    assert (stack.pool / f"image-{file.name}").exists()
    refused = admin.post(f"/images/{file.name}/delete/")
    assert refused.status == 409
    assert "first, second" in refused.text
    purge(stack, admin, "first", "second")


def test_a_cancelled_launch_leaves_it_to_the_other(
    stack: Stack, admin: Browserless, picture: Picture
) -> None:
    file = picture("left")
    launch_both(stack, admin, file, "gives-up", "goes-on")
    assert admin.act(stack, "gives-up", "cancel").status == 200
    row = stack.wait_for_state("gives-up", "error")
    assert "cancelled" in row["fault"]
    assert [row["state"] for row in deliveries(stack, file)] == ["running"]
    let_go(stack)
    stack.wait_for_state("goes-on", "active", 120)
    nothing_left(stack, row["uuid"])
    purge(stack, admin, "gives-up", "goes-on")


def test_that_it_failed_is_told_to_both(stack: Stack, admin: Browserless, picture: Picture) -> None:
    file = picture("lost")
    launch_both(stack, admin, file, "one", "another")
    aside = file.rename(file.with_name("aside"))
    let_go(stack)
    for name in ("one", "another"):
        row = stack.wait_for_state(name, "error", 200)
        assert "lost was not copied" in row["fault"]
        nothing_left(stack, row["uuid"])
    assert [row["state"] for row in deliveries(stack, file)] == ["failed"]
    aside.rename(file)
    purge(stack, admin, "one", "another")


def test_cancelled_from_the_activity_it_ends_those_that_wait(
    stack: Stack, admin: Browserless, picture: Picture
) -> None:
    file = picture("called-off")
    launch_both(stack, admin, file, "waits", "waits-too")
    (delivery,) = deliveries(stack, file)
    address = f"/activity/{dashed(delivery['id'])}/cancel/"
    assert address in admin.get("/activity/").text
    assert admin.post(address).status == 200
    let_go(stack)
    for name in ("waits", "waits-too"):
        assert "was cancelled" in stack.wait_for_state(name, "error", 120)["fault"]
    assert [row["state"] for row in deliveries(stack, file)] == ["cancelled"]
    assert not list(stack.pool.glob(f"*image-{file.name}*"))
    purge(stack, admin, "waits", "waits-too")


def test_an_image_goes_everywhere(stack: Stack, admin: Browserless, picture: Picture) -> None:
    """Its file at once, its copy on the host soon; the worker that does it may die."""
    file = picture("unwanted")
    assert admin.launch(stack, "last-user", image_id=file.name).status == 200
    stack.wait_for_state("last-user", "active", 120)
    purge(stack, admin, "last-user")
    copy = stack.pool / f"image-{file.name}"
    assert copy.exists()
    for place in ("claim", "file", "close"):
        (stack.failpoints / f"image.delete.{place}").touch()
    assert admin.post(f"/images/{file.name}/delete/").status == 200
    assert f'id="image-{file.name}"' not in admin.get("/images/").text
    wait_for(lambda: is_deleted(stack, "unwanted"), "the image to be gone", 60)
    assert not list(stack.failpoints.iterdir()), "nobody came there"
    assert not file.exists()
    wait_for(lambda: not copy.exists(), "the host to forget its copy", 60)
    (operation,) = stack.rows(
        "select * from compute_operation where kind = 'image.delete' and subject_name = 'unwanted'"
    )
    assert operation["state"] == "succeeded"
    assert f'id="operation-{dashed(operation["id"])}"' in admin.get("/activity/").text


def test_a_deletion_in_line_can_be_called_off(stack: Stack, admin: Browserless, picture: Picture) -> None:
    """It waits for the delivery, which nobody waits for any more."""
    file = picture("kept")
    launch_both(stack, admin, file, "never")
    assert admin.act(stack, "never", "cancel").status == 200
    stack.wait_for_state("never", "error")
    purge(stack, admin, "never")
    assert admin.post(f"/images/{file.name}/delete/").status == 200
    (deletion,) = stack.rows(
        "select * from compute_operation where kind = 'image.delete' and subject_name = 'kept'"
    )
    assert deletion["state"] == "pending"
    assert admin.post(f"/activity/{dashed(deletion['id'])}/cancel/").status == 200
    let_go(stack)
    wait_for(lambda: image_row(stack, "kept")["task_state"] is None, "the deletion to be off", 60)
    assert image_row(stack, "kept")["status"] == "active"
    assert file.exists()
