"""Deletion in every phase of a verb, and a worker killed after every step: nothing hangs, nothing is left behind.

Each round is about all verbs at once. Of killed workers, round n takes every third step from the n-th on: one after
another in the same run, since an operation survives several. Of deletions, it takes the n-th step.
"""

import threading
from collections.abc import Iterator

import libvirt
import pytest

from compute.instances.actions.clone import Clone
from compute.instances.actions.rebuild import Rebuild
from compute.instances.actions.rescue import Rescue
from compute.instances.actions.resize import Resize
from compute.instances.actions.shelve import Shelve
from compute.instances.actions.take_image import TakeImage
from tests.proof import examples
from tests.stack import URI, Browserless, Stack, wait_for

BIGGER = """
from accounts.models import Project, Quota
from compute.models import Flavor
for project in Project.objects.all():
    Quota.objects.update_or_create(project=project, resource="instances", defaults={"limit": 30})
Flavor.objects.create(id="bigger", name="bigger", vcpus=2, ram_mib=160, disk_gib=2)
"""
PLACES = {
    action.verb: ["claim", *(step.name for step in action.steps), "close"]
    for action in (Resize, Rebuild, Rescue, Shelve, Clone, TakeImage)
}
FIELDS = {"resize": {"flavor_id": "bigger"}}
ENDS = {
    "resize": "resized",
    "rebuild": "stopped",
    "rescue": "rescued",
    "shelve": "shelved_offloaded",
    "clone": "stopped",
    "take_image": "stopped",
}
BACK = {
    "resize": ("revert_resize",),
    "rescue": ("unrescue", "force_stop"),
    "shelve": ("unshelve", "force_stop"),
}
AFTER = {"revert_resize": "stopped", "unrescue": "active", "unshelve": "active", "force_stop": "stopped"}
EVERY = 3
ROUNDS = range(max(len(places) for places in PLACES.values()))


def in_round(number: int) -> dict[str, str]:
    """Verb → the failpoint of this round, of those verbs that have so many steps."""
    return {
        verb: f"instance.{verb}.{places[number]}" for verb, places in PLACES.items() if number < len(places)
    }


def begin(stack: Stack, admin: Browserless, verb: str, name: str) -> None:
    uuid = stack.instance(name)["uuid"]
    fields = {"name": f"{name}-copy"} if verb == "clone" else FIELDS.get(verb, {})
    answer = admin.post(f"/instances/{uuid}/actions/{verb}/", **fields)
    assert answer.status == 200, answer.text


def launch_off(stack: Stack, admin: Browserless, *names: str) -> None:
    """Instances that are off, so that nothing waits for a guest's own end."""
    for name in names:
        assert admin.launch(stack, name).status == 200
    for name in names:
        stack.wait_for_state(name, "active", 120)
        admin.act(stack, name, "force_stop")
    for name in names:
        stack.wait_for_state(name, "stopped")


def purge(stack: Stack, admin: Browserless, *names: str) -> None:
    for name in names:
        assert admin.act(stack, name, "purge").status == 200
    for name in names:
        stack.wait_for_state(name, "deleted", 90)


def nothing_left(stack: Stack, uuid: str) -> None:
    connection = libvirt.open(URI)
    assert uuid not in [domain.UUIDString() for domain in stack.guests(connection)]
    connection.close()
    assert not stack.disks(uuid)
    assert not stack.stray_volumes()


@pytest.fixture(scope="module", autouse=True)
def bigger(stack: Stack) -> None:
    stack.manage("shell", "-c", BIGGER)


@pytest.fixture(scope="module")
def subjects(stack: Stack, admin: Browserless, bigger: None) -> Iterator[list[str]]:
    """One instance a verb, which goes back to where it was after each round."""
    names = [f"killed-{verb}" for verb in PLACES]
    launch_off(stack, admin, *names)
    yield names
    purge(stack, admin, *names)


@pytest.mark.parametrize("number", examples(range(EVERY)))
def test_killed_workers_are_replaced(
    stack: Stack, admin: Browserless, subjects: list[str], number: int
) -> None:
    for verb, places in PLACES.items():
        for place in places[number::EVERY]:
            (stack.failpoints / f"instance.{verb}.{place}").touch()
        begin(stack, admin, verb, f"killed-{verb}")
    for verb in PLACES:
        stack.wait_for_state(f"killed-{verb}", ENDS[verb], 120)
    assert not list(stack.failpoints.iterdir()), "nobody came there"
    stack.wait_for_state("killed-clone-copy", "active", 90)
    taken = stack.rows(
        "select status, size from compute_image where taken_from_id is not null and status != 'deleted'"
    )
    assert taken
    assert all(image["status"] == "active" and image["size"] for image in taken)
    assert stack.audit() == ""
    purge(stack, admin, "killed-clone-copy")
    for verb, ways in BACK.items():
        for way in ways:
            assert admin.act(stack, f"killed-{verb}", way).status == 200
            stack.wait_for_state(f"killed-{verb}", AFTER[way], 90)


@pytest.mark.parametrize("number", examples(ROUNDS[:-1], 2))
def test_deletion_wins(stack: Stack, admin: Browserless, number: int) -> None:
    """While a step is held: the deletion is taken at once, and comes true when the step lets go.

    Two at a time, because as many workers there are to be held.
    """
    failpoints = [(verb, place) for verb, place in in_round(number).items() if not place.endswith("close")]
    names = {verb: f"unwanted-{verb}-{number}" for verb, _place in failpoints}
    launch_off(stack, admin, *names.values())
    for pair in (failpoints[:2], failpoints[2:4], failpoints[4:]):
        for verb, place in pair:
            (stack.failpoints / f"hold-{place}").touch()
            begin(stack, admin, verb, names[verb])
        for verb, place in pair:
            wait_for(lambda verb=verb, place=place: reached(stack, names[verb], place), f"{place} of {verb}")
            assert admin.act(stack, names[verb], "purge").status == 200
        for _verb, place in pair:
            (stack.failpoints / f"hold-{place}").unlink()
    for name in names.values():
        nothing_left(stack, stack.wait_for_state(name, "deleted", 90)["uuid"])
    if "clone" in names:
        copy = f"{names['clone']}-copy"
        wait_for(lambda: stack.instance(copy)["task_state"] is None, "the copy to settle")
        assert stack.instance(copy)["vm_state"] == "error"
        purge(stack, admin, copy)


def reached(stack: Stack, name: str, place: str) -> bool:
    """Whether the operation has come to the step that is held."""
    rows = stack.rows(
        "select state, step from compute_operation where subject_id = ? order by created_at desc limit 1",
        stack.instance(name)["id"],
    )
    step = place.rpartition(".")[2]
    return bool(rows) and rows[0]["state"] == "running" and (step == "claim" or rows[0]["step"] == step)


def test_of_three_that_exclude_each_other_one_wins(stack: Stack, admin: Browserless) -> None:
    """All three through HTTP at the same moment; the others are told what to wait for."""
    launch_off(stack, admin, "wanted")
    verbs = ("start", "shelve", "force_reboot")
    for verb in verbs:
        (stack.failpoints / f"hold-instance.{verb}.claim").touch()
    uuid = stack.instance("wanted")["uuid"]
    together = threading.Barrier(len(verbs))
    answers = []

    def ask(verb: str) -> None:
        person = stack.sign_in("admin")
        together.wait()
        answers.append(person.post(f"/instances/{uuid}/actions/{verb}/"))

    threads = [threading.Thread(target=ask, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, 409, 409]
    assert all("Wait until" in answer.text for answer in answers if answer.status == 409)
    for verb in verbs:
        (stack.failpoints / f"hold-instance.{verb}.claim").unlink()
    wait_for(lambda: stack.instance("wanted")["task_state"] is None, "the winner to end")
    purge(stack, admin, "wanted")


def test_a_cancelled_launch_says_so(stack: Stack, admin: Browserless) -> None:
    (stack.failpoints / "hold-instance.launch.disk").touch()
    admin.launch(stack, "never-mind")
    wait_for(lambda: reached(stack, "never-mind", "instance.launch.disk"), "the disk")
    assert admin.act(stack, "never-mind", "cancel").status == 200
    (stack.failpoints / "hold-instance.launch.disk").unlink()
    row = stack.wait_for_state("never-mind", "error")
    assert "cancelled" in row["fault"]
    nothing_left(stack, row["uuid"])
    purge(stack, admin, "never-mind")


@pytest.mark.parametrize(
    ("verb", "place"),
    examples(
        [
            ("rebuild", "instance.rebuild.power_off"),
            ("resize", "instance.resize.grow_disk"),
            ("clone", "instance.clone.copy_disk"),
            ("take_image", "instance.take_image.copy_disk"),
        ],
        ("clone", "instance.clone.copy_disk"),
        unpack=True,
    ),
)
def test_what_is_cancelled_goes_on_as_before(stack: Stack, admin: Browserless, verb: str, place: str) -> None:
    """On a guest that runs: it runs afterwards, from the same disk with the same size."""
    name = f"cancelled-{verb}"
    admin.launch(stack, name)
    before = stack.wait_for_state(name, "active", 120)
    (stack.failpoints / f"hold-{place}").touch()
    begin(stack, admin, verb, name)
    wait_for(lambda: reached(stack, name, place), place)
    assert admin.act(stack, name, "cancel").status == 200
    (stack.failpoints / f"hold-{place}").unlink()
    after = stack.wait_for_state(name, "active", 90)
    same = ("flavor_id", "vcpus", "ram_mib", "disk_gib", "image_id", "resized_from")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    connection = libvirt.open(URI)
    domain = connection.lookupByUUIDString(before["uuid"])
    assert (domain.isActive(), domain.snapshotNum(), domain.info()[3]) == (1, 0, 1)
    connection.close()
    assert sorted(stack.disks(before["uuid"]).values()) == ["config", "root"]
    assert not stack.stray_volumes()
    names = [name, f"{name}-copy"] if verb == "clone" else [name]
    if verb == "clone":
        stack.wait_for_state(f"{name}-copy", "error")
    purge(stack, admin, *names)


def test_the_final_step_cannot_be_cancelled(stack: Stack, admin: Browserless) -> None:
    launch_off(stack, admin, "too-late")
    (stack.failpoints / "hold-instance.rebuild.exchange").touch()
    begin(stack, admin, "rebuild", "too-late")
    wait_for(lambda: reached(stack, "too-late", "instance.rebuild.exchange"), "the exchange")
    refused = admin.act(stack, "too-late", "cancel")
    assert refused.status == 409
    assert "gone too far" in refused.text
    (stack.failpoints / "hold-instance.rebuild.exchange").unlink()
    stack.wait_for_state("too-late", "stopped")
    purge(stack, admin, "too-late")
