"""A worker killed after every step of every verb on volumes, snapshots and backups, while a guest has the volume.

Round n kills after every third step from the n-th on, one after another in the same operation.
"""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from compute.engine.actions import registry
from tests.proof import examples
from tests.stack import Answer, Browserless, Stack, wait_for

EVERY = 3
OTHER_POOL = """
select id, path from compute_pool where id not in
(select pool_id from compute_disk where id in (select disk_id from compute_volume where name = ?))
"""
pytestmark = pytest.mark.timeout(900)


def places(kind: str) -> list[str]:
    return ["claim", *(step.name for step in registry.actions()[kind].steps), "close"]


class Story:
    """A volume, and what is done to it. Each deed meets the failpoints of the round and ends all the same."""

    def __init__(self, stack: Stack, admin: Browserless, number: int) -> None:
        self.stack, self.admin, self.number = stack, admin, number
        self.name = f"killed-{number}"

    def do(self, kind: str, begin: Callable[[], Answer]) -> None:
        """Begin a verb whose worker is killed, and wait until it is done and at peace with the host."""
        for place in places(kind)[self.number :: EVERY]:
            (self.stack.failpoints / f"{kind}.{place}").touch()
        answer = begin()
        assert answer.status in {200, 204}, (kind, answer.text)
        wait_for(lambda: not self._open(), f"{kind} to end", 180)
        (ended,) = self.stack.rows(
            "select state, error from compute_operation where kind = ? order by created_at desc limit 1", kind
        )
        assert ended["state"] == "succeeded", (kind, ended["error"])
        assert not list(self.stack.failpoints.iterdir()), f"nobody came there in {kind}"
        assert self.stack.audit() == "", kind

    def volume(self, name: str = "") -> str:
        (row,) = self.stack.rows("select id from compute_volume where name = ?", name or self.name)
        return str(UUID(str(row["id"])))

    def newest(self, table: str) -> str:
        (row,) = self.stack.rows(f"select id from compute_{table} order by created_at desc limit 1")  # noqa: S608 - ours
        return str(UUID(str(row["id"])))

    def on_volume(self, verb: str, **fields: str) -> None:
        self.do(
            f"volume.{verb}", lambda: self.admin.post(f"/volumes/{self.volume()}/actions/{verb}/", **fields)
        )

    def _open(self) -> bool:
        return bool(
            self.stack.rows(
                "select 1 from compute_operation where state in ('pending', 'running', 'undoing')"
            )
        )


@pytest.mark.parametrize("number", examples(range(EVERY)))
def test_killed_workers_are_replaced(stack: Stack, admin: Browserless, number: int) -> None:
    story = Story(stack, admin, number)
    assert admin.launch(stack, story.name, image_id=stack.linux).status == 200
    stack.wait_for_state(story.name, "active", 120)
    instance = stack.instance(story.name)["uuid"]
    new = {"name": story.name, "size": "1", "source": "empty", "type": "standard"}
    story.do("volume.create", lambda: admin.post("/volumes/create/", **new))
    wait_for(lambda: "login:" in _console(stack, instance), "it to boot", 60)
    story.on_volume("attach", instance=instance)
    story.on_volume("extend", size="2")

    volume = story.volume()
    story.do(
        "volume_snapshot.create", lambda: admin.post(f"/volumes/{volume}/snapshots/create/", name="first")
    )
    first = story.newest("volumesnapshot")
    for name, incremental in (("whole", {}), ("changes", {"incremental": "1"})):
        story.do(
            "backup.create",
            lambda name=name, more=incremental: admin.post(
                f"/volumes/{volume}/backups/create/", name=name, **more
            ),
        )
    changes = story.newest("backup")
    (row,) = stack.rows(
        "select parent_id from compute_backup where name = 'changes' and status = 'available'"
    )
    assert row["parent_id"] is not None
    story.do("backup.verify", lambda: admin.post(f"/backups/{changes}/verify/"))

    story.on_volume("detach")
    story.on_volume("restore", backup=changes, keep="on")
    story.on_volume("revert", snapshot=first, keep="on")
    for snapshot in stack.rows("select id from compute_volumesnapshot where status = 'available'"):
        key = str(UUID(str(snapshot["id"])))
        story.do(
            "volume_snapshot.delete",
            lambda key=key: admin.post(f"/volumes/{volume}/snapshots/{key}/delete/"),
        )
    story.on_volume("delete")
    for name in ("changes", "whole"):
        (row,) = stack.rows("select id from compute_backup where name = ? and status = 'available'", name)
        key = str(UUID(str(row["id"])))
        story.do("backup.delete", lambda key=key: admin.post(f"/backups/{key}/delete/"))
    assert list((stack.root / "storage/backups").iterdir()) == []
    assert list((stack.root / "storage/drafts").iterdir()) == []
    assert admin.act(stack, story.name, "purge").status == 200
    stack.wait_for_state(story.name, "deleted", 90)
    assert not stack.stray_volumes()


@pytest.mark.parametrize("number", examples(range(EVERY)))
def test_a_rebuild_on_a_volume_bears_it(stack: Stack, admin: Browserless, number: int) -> None:
    """The instance runs from the image's data afterwards, from the same volume."""
    story = Story(stack, admin, number)
    story.name = f"rebuilt-{number}"
    wish = {"image_id": stack.linux, "source": "image", "on_volume": "1", "volume_size": "1"}
    assert admin.launch(stack, story.name, **wish).status == 200
    stack.wait_for_state(story.name, "active", 120)
    instance = stack.instance(story.name)["uuid"]
    wait_for(lambda: "login:" in _console(stack, instance), "it to boot", 60)
    before = len(_console(stack, instance))
    story.do(
        "instance.rebuild_volume",
        lambda: admin.act(stack, story.name, "rebuild", image_id=stack.linux),
    )
    stack.wait_for_state(story.name, "active", 30)
    wait_for(lambda: "login:" in _console(stack, instance)[before:], "it to boot anew", 60)
    (volume,) = stack.rows("select id from compute_volume where status = 'in-use'")
    assert admin.act(stack, story.name, "purge").status == 200
    stack.wait_for_state(story.name, "deleted", 90)
    key = str(UUID(str(volume["id"])))
    story.do("volume.delete", lambda: admin.post(f"/volumes/{key}/actions/delete/"))
    assert not stack.stray_volumes()


@pytest.mark.parametrize("number", examples(range(EVERY)))
def test_a_move_bears_it(stack: Stack, admin: Browserless, number: int) -> None:
    """With a guest that has the volume open, then with none."""
    story = Story(stack, admin, number)
    story.name = f"moved-{number}"
    folder = stack.root / f"further-{number}"
    folder.mkdir(mode=0o755)
    (host,) = stack.rows("select id from compute_hypervisor")
    page = f"/hosts/{UUID(str(host['id']))}/pools/new/"
    assert admin.post(page, name=story.name, folder=str(folder)).status == 200
    rows = "select id from compute_pool where name = ? and state = 'ready'"
    wait_for(lambda: stack.rows(rows, story.name), "the host to prepare the pool", 30)
    there = str(UUID(str(stack.rows(rows, story.name)[0]["id"])))
    assert admin.launch(stack, story.name, image_id=stack.linux).status == 200
    stack.wait_for_state(story.name, "active", 120)
    instance = stack.instance(story.name)["uuid"]
    new = {"name": story.name, "size": "1", "source": "image", "image_id": stack.linux, "type": "standard"}
    story.do("volume.create", lambda: admin.post("/volumes/create/", **new))
    wait_for(lambda: "login:" in _console(stack, instance), "it to boot", 60)
    story.on_volume("attach", instance=instance)
    for _time in range(2):
        (other,) = stack.rows(OTHER_POOL, story.name)
        story.on_volume("move", pool=str(UUID(str(other["id"]))))
        assert len(list(folder.glob("*/*"))) == (Path(str(other["path"])).parent == folder)
        if stack.rows("select 1 from compute_volume where name = ? and status = 'in-use'", story.name):
            story.on_volume("detach")
    story.on_volume("delete")
    assert admin.act(stack, story.name, "purge").status == 200
    stack.wait_for_state(story.name, "deleted", 90)
    assert admin.post(f"/pools/{there}/remove/").status in {200, 204}
    wait_for(lambda: not stack.rows(rows, story.name), "the pool to go", 30)
    assert not stack.stray_volumes()


def _console(stack: Stack, instance: str) -> str:
    return (stack.root / f"storage/consoles/{instance}.log").read_text(errors="replace")
