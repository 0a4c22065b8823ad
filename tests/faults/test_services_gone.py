"""Web, Redis and QEMU die or freeze; people read the truth and work goes on."""

import os
import signal
import threading
import time

import libvirt
import pytest

from tests.stack import URI, Browserless, Stack, wait_for

PAGES = 10
"""That are read while Redis does not answer."""


def redis_pid(stack: Stack) -> int:
    return stack.pid("redis")


def test_web_dies_between_commit_and_publish(stack: Stack, admin: Browserless) -> None:
    """The row is there, the hint is not: the sweeper announces it."""
    (stack.failpoints / "publish.compute.run_operation").touch()
    answer = admin.launch(stack, "unpublished")
    assert answer.status in {502, 503, 504}
    stack.wait_for_state("unpublished", "active", 60)
    wait_for(lambda: admin.get("/instances/").status == 200, "the pages to be back")
    assert admin.act(stack, "unpublished", "purge").status == 200
    stack.wait_for_state("unpublished", "deleted")


@pytest.mark.parametrize("blow", [signal.SIGSTOP, signal.SIGKILL])
def test_redis_is_away(stack: Stack, admin: Browserless, blow: signal.Signals) -> None:
    """Frozen, or killed and started again: no 500, and what was asked meanwhile is done."""
    name = f"without-redis-{blow.name.lower()}"
    pid = redis_pid(stack)
    os.kill(pid, blow)
    try:
        answer = admin.launch(stack, name)
        assert answer.status in {200, 503}, answer.text[:500]
        assert admin.get("/instances/").status == 200
        assert {admin.get("/instances/").status for _ in range(PAGES)} == {200}
    finally:
        if blow == signal.SIGSTOP:
            os.kill(pid, signal.SIGCONT)
    if answer.status == 503:
        assert admin.launch(stack, name).status == 200
    stack.wait_for_state(name, "active", 90)
    admin.act(stack, name, "purge")
    stack.wait_for_state(name, "deleted", 90)


def test_qemu_is_killed(stack: Stack, admin: Browserless) -> None:
    """The page says that it is off and why; it starts again from the same disk."""
    admin.launch(stack, "crash")
    uuid = stack.wait_for_state("crash", "active")["uuid"]
    os.kill(_qemu(uuid), signal.SIGKILL)
    stack.wait_for_state("crash", "stopped")
    row = stack.instance("crash")
    assert "crashed" in row["fault"]
    assert "crashed" in admin.get(f"/instances/{uuid}/").text
    admin.act(stack, "crash", "start")
    stack.wait_for_state("crash", "active")
    admin.act(stack, "crash", "purge")
    stack.wait_for_state("crash", "deleted")


def test_a_double_submit_makes_one_instance(stack: Stack, admin: Browserless) -> None:
    """The same form sent twice at once, as a double click or a retrying browser does."""
    fields = {"key": "the-same-key"}
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(admin.launch(stack, "twice", **fields)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200}
    assert len(stack.rows("select id from compute_instance where name = 'twice'")) == 1
    stack.wait_for_state("twice", "active")
    admin.act(stack, "twice", "purge")
    stack.wait_for_state("twice", "deleted")


def test_delete_wins_over_every_phase_of_a_launch(stack: Stack, admin: Browserless) -> None:
    """Delete while it is being built, at ever later moments: it is gone, and never comes back."""
    for moment in range(6):
        name = f"unwanted-{moment}"
        admin.launch(stack, name)
        time.sleep(moment * 0.1)
        assert admin.act(stack, name, "delete").status == 200
        wait_for(
            lambda name=name: (
                stack.instance(name)["vm_state"] in {"deleted", "soft-delete"}
                and stack.instance(name)["task_state"] is None
            ),
            f"{name} to be gone",
            seconds=60,
        )
        if stack.instance(name)["vm_state"] == "soft-delete":
            admin.act(stack, name, "purge")
            stack.wait_for_state(name, "deleted")


def _qemu(uuid: str) -> int:
    connection = libvirt.open(URI)
    try:
        domain = connection.lookupByUUIDString(uuid)
        with open(f"/run/libvirt/qemu/{domain.name()}.pid") as file:
            return int(file.read())
    finally:
        connection.close()
