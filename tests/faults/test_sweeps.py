"""Of two sweeps one works and the other stands by: frozen, it is replaced, and awake again it waits its turn."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.stack import BASE, Browserless, Stack, wait_for


@pytest.fixture
def second(stack: Stack) -> Iterator[subprocess.Popen[bytes]]:
    """A second sweep of the same installation."""
    with stack.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "sweep"], cwd=BASE, env=stack.environment, stdout=log, stderr=log
        )
    yield process
    process.kill()
    process.wait()


def holder(stack: Stack) -> int:
    """The process that has the lease now."""
    rows = stack.rows("select holder from compute_lease where name = 'sweep'")
    return int(rows[0]["holder"].split()[1]) if rows else 0


def lost_hint_is_found(stack: Stack, admin: Browserless, name: str) -> None:
    """A launch of which no worker was told: only a sweep can find it."""
    (stack.failpoints / "publish.compute.run_operation").touch()
    assert admin.launch(stack, name).status in {502, 503, 504}
    stack.wait_for_state(name, "active", 90)
    wait_for(lambda: admin.get("/instances/").status == 200, "the pages to be back")
    assert admin.act(stack, name, "purge").status == 200
    stack.wait_for_state(name, "deleted")


@pytest.mark.proof
def test_the_other_takes_over(stack: Stack, admin: Browserless, second: subprocess.Popen[bytes]) -> None:
    first = stack.pid("sweep")
    wait_for(lambda: holder(stack) == first, "the first to have the lease")
    beats = "select pid from compute_heartbeat where process = 'sweep'"
    wait_for(lambda: {row["pid"] for row in stack.rows(beats)} >= {first, second.pid}, "both to be there")
    with stack.holding("sweep"):
        wait_for(lambda: holder(stack) == second.pid, "the second to take over")
        lost_hint_is_found(stack, admin, "swept-by-second")
    wait_for(lambda: holder(stack) == second.pid, "the second to renew what it has")
    lost_hint_is_found(stack, admin, "swept-by-second-still")
    assert (holder(stack), second.poll()) == (second.pid, None), "the first stands by"
    second.terminate()
    assert second.wait(20) == 0
    wait_for(lambda: holder(stack) == first, "the first to have it again", 10)
