"""More than one web process: each takes its part, and one that dies is not noticed."""

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stack import Browserless, Stack, running, wait_for

NAMES = ("web-1", "web-2")


@pytest.fixture
def stack() -> Iterator[Stack]:
    with running(MERIDIAN_WEB_WORKERS=str(len(NAMES))) as stack:
        yield stack


@pytest.mark.proof
def test_one_dies_and_the_other_answers(stack: Stack) -> None:
    assert stack.process is not None
    stack.process.send_signal(signal.SIGSTOP)  # the supervisor, or it would be back too soon
    try:
        os.kill(stack.pid("web-1"), signal.SIGKILL)
        assert {_sign_in_page(stack) for _ in range(40)} == {200}
    finally:
        stack.process.send_signal(signal.SIGCONT)
    wait_for(lambda: _listens(stack.root / "data/run/web-1.sock"), "web-1 to be back")
    before = {name: _seconds(stack.pid(name)) for name in NAMES}
    with ThreadPoolExecutor(8) as people:
        assert set(people.map(lambda _number: _sign_in_page(stack), range(400))) == {200}
    used = {name: _seconds(stack.pid(name)) - before[name] for name in NAMES}
    assert min(used.values()) > sum(used.values()) / 4, used


def _sign_in_page(stack: Stack) -> int:
    return Browserless(stack.url).get("/sign-in/").status


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _seconds(pid: int) -> float:
    """Of computing, since it was started."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
