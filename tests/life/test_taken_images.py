"""Images of real guests: what was on the disk is in the image, which needs nothing else, and in what is launched of it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import libvirt
import pytest

from tests.life.test_cloning import GUEST, born, writing
from tests.life.test_verbs import Subject
from tests.proof import examples
from tests.stack import Answer, Browserless, Stack, wait_for


@pytest.fixture(scope="module")
def source(stack: Stack, admin: Browserless) -> Iterator[Subject]:
    """It only runs."""
    assert admin.launch(stack, "origin").status == 200
    stack.wait_for_state("origin", "active", 120)
    source = Subject(stack, admin, "origin")
    yield source
    source.act("purge", "deleted")


@pytest.fixture(scope="module")
def writer(stack: Stack, admin: Browserless) -> Iterator[Subject]:
    """It adds its name to a list on its disk."""
    with writing(stack, admin, "writer") as subject:
        yield subject


def image_row(stack: Stack, name: str) -> dict[str, object] | None:
    rows = stack.rows("select * from compute_image where name = ?", name)
    return rows[0] if rows else None


def is_deleted(stack: Stack, name: str) -> bool:
    row = image_row(stack, name)
    return row is not None and (row["status"], row["task_state"]) == ("deleted", None)


def begin(source: Subject, name: str) -> Answer:
    return source.admin.post(f"/instances/{source.uuid}/actions/take_image/", name=name)


def taken(source: Subject, name: str) -> Path:
    """Take an image; its file once it is ready."""
    stack = source.stack
    answer = begin(source, name)
    assert answer.status == 200, answer.text
    wait_for(lambda: (row := image_row(stack, name)) and row["status"] == "active", f"the image {name}", 90)
    row = image_row(stack, name)
    assert row
    return stack.root / "storage/images" / dashed(row["id"])


def dashed(key: object) -> str:
    text = str(key).replace("-", "")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def delete(source: Subject, file: Path) -> int:
    return source.admin.post(f"/images/{file.name}/delete/").status


def launch_from(source: Subject, file: Path, name: str, **fields: str) -> Subject:
    answer = source.admin.launch(source.stack, name, image_id=file.name, user_data=GUEST, **fields)
    assert answer.status == 200, answer.text
    source.stack.wait_for_state(name, "active", 120)
    return Subject(source.stack, source.admin, name)


@pytest.mark.proof
@pytest.mark.parametrize("was", ["active", "paused", "suspended", "shelved_offloaded", "stopped"])
def test_an_image_holds_the_disk_and_stands_alone(stack: Stack, writer: Subject, was: str) -> None:
    there = {"active": None, "paused": ("pause", "unpause"), "suspended": ("suspend", "resume")}
    there |= {"shelved_offloaded": ("shelve", "unshelve"), "stopped": ("force_stop", "start")}
    name, ways = f"image-when-{was}", there[was]
    if ways:
        writer.act(ways[0], was)
    pid = writer.domain().ID() if was in {"active", "paused"} else None
    file = taken(writer, name)
    stack.wait_for_state("writer", was)
    if pid:
        assert writer.domain().ID() == pid, "it was never stopped"
    assert writer.stack.instance("writer")["fault"] is None
    told = subprocess.run(
        ["qemu-img", "info", "--output=json", file], capture_output=True, text=True, check=True
    ).stdout
    described = json.loads(told)
    assert (described["format"], "backing-filename" in described) == ("qcow2", False)
    row = image_row(stack, name)
    assert row
    assert (row["size"], row["virtual_size"]) == (file.stat().st_size, described["virtual-size"])
    digest = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout.split()[0]
    assert row["checksum"] == digest
    assert (file.stat().st_uid, file.stat().st_mode & 0o777) == (Path("/proc/self").stat().st_uid, 0o600)
    assert not stack.stray_volumes()
    assert stack.audit() == ""
    if ways:
        writer.act(ways[1], "active")
    if was in {"active", "stopped"}:
        copy = launch_from(writer, file, f"from-{was}")
        wait_for(lambda: born(copy) == ["writer", f"from-{was}"], "the new guest to find the old one's disk")
        assert delete(writer, file) == 409
        copy.act("rebuild", "active")
        copy.act("purge", "deleted")
    assert delete(writer, file) == 200
    wait_for(lambda: is_deleted(stack, name), "the image to be gone", 30)
    assert not file.exists()
    copy_in_pool = stack.root / "storage/pool" / f"image-{file.name}"
    wait_for(lambda: not copy_in_pool.exists(), "the host to give its copy up", 30)


@pytest.mark.proof
def test_rebuilding_to_an_image(stack: Stack, admin: Browserless, writer: Subject) -> None:
    file = taken(writer, "to-rebuild")
    assert admin.launch(stack, "rebuilt", image_id=stack.linux, user_data=GUEST).status == 200
    stack.wait_for_state("rebuilt", "active", 120)
    rebuilt = Subject(stack, admin, "rebuilt")
    rebuilt.act("rebuild", "active", image_id=file.name)
    wait_for(
        lambda: born(rebuilt)[-2:] == ["writer", "rebuilt"], "the rebuilt guest to find the other's disk"
    )
    rebuilt.act("purge", "deleted")
    assert delete(writer, file) == 200


@pytest.mark.parametrize("place", examples(["claim", "copy_disk", "describe", "close"], "copy_disk"))
def test_a_worker_that_dies_while_the_guest_runs(stack: Stack, source: Subject, place: str) -> None:
    (stack.failpoints / f"instance.take_image.{place}").touch()
    file = taken(source, f"survives-{place}")
    assert not list(stack.failpoints.iterdir())
    assert source.power() == libvirt.VIR_DOMAIN_RUNNING
    assert "mirror" not in source.domain().XMLDesc()
    assert not stack.stray_volumes()
    subprocess.run(["qemu-img", "check", "-q", file], check=True)
    assert delete(source, file) == 200


def test_deleting_a_half_image_ends_the_taking(stack: Stack, source: Subject) -> None:
    hold = stack.failpoints / "hold-instance.take_image.copy_disk"
    hold.touch()
    assert begin(source, "half").status == 200
    wait_for(lambda: (row := image_row(stack, "half")) and row["status"] == "saving", "the copying")
    row = image_row(stack, "half")
    assert row
    file = stack.root / "storage/images" / dashed(row["id"])
    wait_for(file.exists, "the file")
    assert delete(source, file) == 200
    hold.unlink()
    stack.wait_for_state("origin", "active")
    wait_for(lambda: is_deleted(stack, "half"), "the image to be gone", 30)
    assert not file.exists()
    assert source.stack.instance("origin")["fault"] is None
