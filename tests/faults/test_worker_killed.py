"""`kill -9` of the worker after each step: another one goes on, and nothing is there twice."""

import os
import signal

import libvirt
import pytest

from compute.instances.actions.launch import Launch
from compute.instances.actions.purge import Purge
from tests.proof import examples
from tests.stack import URI, Browserless, Stack, wait_for

LAUNCH = ["claim", *(step.name for step in Launch.steps), "close"]
PURGE = ["claim", *(step.name for step in Purge.steps), "close"]


def arm(stack: Stack, failpoint: str) -> None:
    (stack.failpoints / failpoint).touch()


def has_fired(stack: Stack, failpoint: str) -> bool:
    return not (stack.failpoints / failpoint).exists()


def one_of_each(stack: Stack, uuid: str) -> None:
    """One domain, one disk, one config drive, one address."""
    connection = libvirt.open(URI)
    assert [domain.UUIDString() for domain in stack.guests(connection)].count(uuid) == 1
    connection.close()
    disks = stack.disks(uuid)
    assert sorted(disks.values()) == ["config", "root"]
    assert all((stack.pool / name).exists() for name in disks)
    assert not stack.stray_volumes()
    ports = stack.rows("select * from compute_port where instance_id = ?", uuid.replace("-", ""))
    assert len(ports) == 1


@pytest.mark.parametrize("step", examples(LAUNCH, "start"))
def test_a_launch_is_resumed(stack: Stack, admin: Browserless, step: str) -> None:
    name = f"launch-{step}"
    arm(stack, f"instance.launch.{step}")
    assert admin.launch(stack, name).status == 200
    row = stack.wait_for_state(name, "active", 90)
    assert has_fired(stack, f"instance.launch.{step}")
    one_of_each(stack, row["uuid"])
    admin.act(stack, name, "purge")
    stack.wait_for_state(name, "deleted")


@pytest.mark.parametrize("step", examples(PURGE, "release"))
def test_a_deletion_is_resumed(stack: Stack, admin: Browserless, step: str) -> None:
    name = f"purge-{step}"
    admin.launch(stack, name)
    uuid = stack.wait_for_state(name, "active")["uuid"]
    arm(stack, f"instance.purge.{step}")
    admin.act(stack, name, "purge")
    stack.wait_for_state(name, "deleted", 90)
    assert has_fired(stack, f"instance.purge.{step}")
    connection = libvirt.open(URI)
    assert uuid not in [domain.UUIDString() for domain in stack.guests(connection)]
    connection.close()
    assert not stack.disks(uuid)
    assert not stack.stray_volumes()


@pytest.mark.parametrize("step", examples(["claim", "power_off", "close"], "power_off"))
def test_a_move_to_the_recycle_bin_is_resumed(stack: Stack, admin: Browserless, step: str) -> None:
    name = f"delete-{step}"
    admin.launch(stack, name)
    stack.wait_for_state(name, "active")
    arm(stack, f"instance.delete.{step}")
    admin.act(stack, name, "delete")
    stack.wait_for_state(name, "soft-delete", 90)
    assert has_fired(stack, f"instance.delete.{step}")
    admin.act(stack, name, "purge")
    stack.wait_for_state(name, "deleted")


def test_the_whole_worker_is_replaced(stack: Stack, admin: Browserless) -> None:
    """Not only a child: the main process too, in the middle of a launch."""

    before = stack.pid("worker")
    admin.launch(stack, "whole")
    wait_for(
        lambda: stack.instance("whole")["task_state"] == "spawning", "the launch to be under way", pause=0.01
    )
    os.kill(before, signal.SIGKILL)
    stack.wait_for_state("whole", "active", 90)
    assert stack.pid("worker") != before
    admin.act(stack, "whole", "purge")
    stack.wait_for_state("whole", "deleted")
