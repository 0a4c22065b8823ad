"""A worker killed after every step of taking, going back to and deleting snapshots of a running instance with a volume.

Round n kills after every third step from the n-th on, one after another in the same operation.
"""

from uuid import UUID

import pytest

from tests.life.test_volume_workers_killed import EVERY, Story
from tests.proof import examples
from tests.stack import Browserless, Stack, wait_for

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("number", examples(range(EVERY)))
def test_killed_workers_are_replaced(stack: Stack, admin: Browserless, number: int) -> None:
    story = Story(stack, admin, number)
    assert admin.launch(stack, story.name, image_id=stack.linux).status == 200
    stack.wait_for_state(story.name, "active", 120)
    key = stack.instance(story.name)["uuid"]
    new = {"name": story.name, "size": "1", "source": "empty", "type": "standard"}
    story.do("volume.create", lambda: admin.post("/volumes/create/", **new))
    log = stack.root / f"storage/consoles/{key}.log"
    wait_for(lambda: "login:" in log.read_text(errors="replace"), "it to boot", 60)
    story.on_volume("attach", instance=key)
    volume = story.volume()

    snapshots = f"/instances/{key}/snapshots"
    for name, more in (("first", {"memory": "1"}), ("second", {})):
        story.do(
            "instance.take_snapshot",
            lambda name=name, more=more: admin.post(f"{snapshots}/create/", name=name, **more),
        )
    keys = {
        str(row["name"]): str(UUID(str(row["id"])))
        for row in stack.rows("select id, name from compute_instancesnapshot where status = 'available'")
    }
    assert set(keys) == {"first", "second"}
    revert = f"/instances/{key}/actions/revert/"
    story.do("instance.revert", lambda: admin.post(revert, snapshot=keys["first"], keep="1", memory="1"))
    assert stack.instance(story.name)["vm_state"] == "active"
    assert stack.rows(
        "select 1 from compute_operation where kind = 'instance.revert' and state = 'succeeded'"
    )
    story.do("instance.revert", lambda: admin.post(revert, snapshot=keys["second"]))
    left = stack.rows("select id from compute_instancesnapshot where status = 'available'")
    assert len(left) == 3
    for row in left:
        address = f"{snapshots}/{UUID(str(row['id']))}/delete/"
        story.do("instance_snapshot.delete", lambda address=address: admin.post(address))
    assert not stack.rows("select 1 from compute_disklayer")
    assert not stack.rows("select 1 from compute_volumesnapshot where status <> 'deleted'")
    assert admin.act(stack, story.name, "purge").status == 200
    stack.wait_for_state(story.name, "deleted", 90)
    story.do("volume.delete", lambda: admin.post(f"/volumes/{volume}/actions/delete/"))
    assert not stack.stray_volumes()
