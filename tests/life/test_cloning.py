"""Clones and the guest agent: what a guest says of itself, on its console and by its agent."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libvirt
import pytest

from tests.life.test_verbs import Subject
from tests.stack import Browserless, Stack, wait_for

GUEST = (Path(__file__).parent / "agent.sh").read_text()
"""Adds its name to a list on its disk, writes the list on its console, and speaks the guest agent's protocol."""


@contextmanager
def writing(stack: Stack, admin: Browserless, name: str) -> Iterator[Subject]:
    """An instance that has added its name to the list on its disk; gone at the end."""
    assert admin.launch(stack, name, image_id=stack.linux, user_data=GUEST).status == 200
    stack.wait_for_state(name, "active", 120)
    subject = Subject(stack, admin, name)
    wait_for(lambda: born(subject) == [name], "the guest to run its user data")
    yield subject
    subject.act("purge", "deleted")


@pytest.fixture(scope="module")
def source(stack: Stack, admin: Browserless) -> Iterator[Subject]:
    with writing(stack, admin, "source") as subject:
        yield subject


def born(subject: Subject) -> list[str]:
    """The instances on whose disks this guest's disk was before, and itself."""
    log = (subject.stack.root / f"storage/consoles/{subject.uuid}.log").read_text(errors="replace")
    return [line.split("born: ")[1].strip() for line in log.splitlines() if "born: " in line]


def test_the_agent_tells_and_sets_a_password(stack: Stack, admin: Browserless, source: Subject) -> None:
    wait_for(lambda: "Tiny with an agent" in (stack.instance("source")["agent"] or ""), "the agent")
    page = admin.get(f"/instances/{source.uuid}/").text
    for told in ("Tiny with an agent", "192.0.2.7"):
        assert told in page
    source.act("set_password", "active", admin_password="a new secret", user="root")
    log = stack.root / f"storage/consoles/{source.uuid}.log"
    wait_for(
        lambda: "password of root: a new secret" in log.read_text(errors="replace"), "the guest to hear it"
    )
    kept = stack.rows("select parameters from compute_operation where kind = 'instance.set_password'")
    assert "a new secret" not in str(kept)


@pytest.mark.proof
@pytest.mark.parametrize("was", ["active", "paused", "stopped"])
def test_a_clone_has_the_same_disk_and_is_another_machine(
    stack: Stack, admin: Browserless, source: Subject, was: str
) -> None:
    name = f"copy-of-{was}"
    pid = source.domain().ID()
    if way := {"paused": "pause", "stopped": "force_stop"}.get(was):
        source.act(way, was)
    assert admin.post(f"/instances/{source.uuid}/actions/clone/", name=name).status == 200
    stack.wait_for_state("source", was)
    stack.wait_for_state(name, "active", 90)
    copy = Subject(stack, admin, name)
    if was != "stopped":
        assert source.domain().ID() == pid, "the source was never stopped"
    if was == "active":
        assert source.power() == libvirt.VIR_DOMAIN_RUNNING
    assert copy.disk_bytes() == source.disk_bytes()
    assert copy.uuid != source.uuid
    assert stack.instance(name)["address"] != stack.instance("source")["address"]
    wait_for(lambda: born(copy) == ["source", name], "the copy to know where it comes from", 120)
    operation = stack.rows(
        "select progress, timeline from compute_operation where kind = 'instance.clone' and subject_id = ?",
        uuid.UUID(source.uuid).hex,
    )
    assert operation
    copy.act("purge", "deleted")
    if way := {"paused": "unpause", "stopped": "start"}.get(was):
        source.act(way, "active")


def test_a_guest_that_is_off_has_no_agent(stack: Stack, admin: Browserless, source: Subject) -> None:
    source.act("force_stop", "stopped")
    wait_for(lambda: stack.instance("source")["agent"] is None, "the agent to be gone")
    assert admin.act(stack, "source", "set_password", admin_password="x" * 12).status == 409
    source.act("start", "active")


def test_a_schedule_runs_once_as_its_maker(stack: Stack, admin: Browserless, source: Subject) -> None:
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 2))
    path = f"/instances/{source.uuid}/schedules/new/"
    assert admin.post(path, verb="pause", at=soon, cron="", time_zone="UTC").status == 200
    stack.wait_for_state("source", "paused")
    (row,) = stack.rows("select * from compute_schedule")
    assert (row["enabled"], row["next_run"], row["last_error"]) == (0, None, "")
    (done,) = stack.rows(
        "select user_id from compute_operation where kind = 'instance.pause' order by created_at desc limit 1"
    )
    assert done["user_id"] == row["created_by_id"]
    source.act("unpause", "active")
