"""Consoles of two hosts behind one front door: a second console process says that it is the host lab-2."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.ports import free_port
from tests.stack import BASE, Browserless, Stack, wait_for

MOVE = """
from compute.models import Hypervisor, Instance
Instance.objects.filter(name="{name}").update(hypervisor=Hypervisor.objects.{host})
"""
LAB_2 = 'get(name="lab-2")'
HERE = 'exclude(name="lab-2").get()'
SILENT = "Host lab-2 does not answer."


class SecondHost:
    """The console process of lab-2, which reaches the same libvirt."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        data = stack.root / "data"
        self.environment = stack.environment | {
            "MERIDIAN_HOST": "lab-2",
            "MERIDIAN_DATA": str(stack.root / "lab-2"),
            "MERIDIAN_CONSOLE_LISTEN": f"127.0.0.1:{free_port(count=2)}",
            "MERIDIAN_SECRET_KEY": (data / "secret-key").read_text(),
            "DATABASE_URL": f"sqlite:///{data}/meridian.sqlite3",
            "REDIS_URL": f"unix://{data}/run/redis.sock",
        }
        with stack.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "console"],
                cwd=BASE,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    @property
    def id(self) -> str:
        rows = self.stack.rows("select id from compute_hypervisor where name = 'lab-2'")
        return str(uuid.UUID(rows[0]["id"])) if rows else ""

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It and its children stand still."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        pids = [self.process.pid, *map(int, children)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)


@pytest.fixture(scope="module")
def guests(stack: Stack, admin: Browserless) -> Iterator[dict[str, str]]:
    """Two running instances, {name: id}."""
    names = ("here", "there")
    for name in names:
        assert admin.launch(stack, name, image_id=stack.linux).status == 200
    yield {name: stack.wait_for_state(name, "active", 90)["uuid"] for name in names}
    for name in names:
        assert admin.act(stack, name, "purge").status == 200
        stack.wait_for_state(name, "deleted", 90)


@pytest.mark.proof
def test_one_front_door_leads_to_both(stack: Stack, admin: Browserless, guests: dict[str, str]) -> None:
    with _screen(stack, admin, guests["here"]) as screen:
        assert screen.recv(10) == b"RFB 003.008\n"
        second = SecondHost(stack)
        try:
            wait_for(lambda: second.id, "lab-2 to be known")
            stack.manage("shell", "-c", MOVE.format(name="there", host=LAB_2))
            _all_of_it_answers(stack, admin, guests["there"], second)
            _its_silence_hinders_nobody(stack, admin, guests, second)
            doctor = stack.manage("doctor", check=False).stdout
            assert "Worker on lab-2" in doctor
            assert "Console process on lab-2" in doctor
        finally:
            second.stop()
            stack.manage("shell", "-c", MOVE.format(name="there", host=HERE))
            forget = "from compute.models import Hypervisor; Hypervisor.objects.filter(name='lab-2').delete()"
            stack.manage("shell", "-c", forget)
        screen.send(b"RFB 003.008\n")
        assert screen.recv(10), "the connection that was open before has lived on"


def _all_of_it_answers(stack: Stack, admin: Browserless, there: str, second: SecondHost) -> None:
    def has_picture() -> bool:
        assert second.process.poll() is None, stack.tail()
        return _picture(admin, there).startswith(b"\x89PNG")

    wait_for(has_picture, "a picture from lab-2")
    with _screen(stack, admin, there) as screen:
        assert screen.recv(10) == b"RFB 003.008\n"
    wait_for(lambda: "built-in shell" in _log(admin, there), "the log from lab-2", 120)
    with _serial(stack, admin, second.id, there) as serial:
        serial.send(b"\necho six times seven is $((6*7))\n")
        heard = b""
        while b"six times seven is 42" not in heard:
            said = serial.recv(20)
            heard += said if isinstance(said, bytes) else b""
    unknown = admin.get(f"/console/{uuid.uuid4()}/?token=x")
    assert unknown.status == 404
    assert "Not found" in unknown.text


def _its_silence_hinders_nobody(
    stack: Stack, admin: Browserless, guests: dict[str, str], second: SecondHost
) -> None:
    there, here = guests["there"], guests["here"]
    with second.frozen(), ThreadPoolExecutor(32) as threads:
        asked = [threads.submit(admin.get, f"/instances/{there}/log/text/") for _ in range(24)]
        pages = [threads.submit(admin.get, f"/instances/{here}/log/text/") for _ in range(4)]
        assert {page.result().status for page in pages} == {200}
        assert not all(answer.done() for answer in asked), "pages came before the host was given up"
        for answer in asked:
            assert (answer.result().status, answer.result().headers["Retry-After"]) == (503, "5")
            assert SILENT in answer.result().text
        assert SILENT in admin.get(f"/instances/{there}/log/text/").text
        assert admin.get("/instances/").status == 200
    wait_for(lambda: admin.get(f"/instances/{there}/log/text/").status == 200, "lab-2 to be asked again")


def _picture(admin: Browserless, instance: str) -> bytes:
    return admin.get(f"/instances/{instance}/screenshot/").body


def _log(admin: Browserless, instance: str) -> str:
    return admin.get(f"/instances/{instance}/log/text/").text


def _screen(stack: Stack, admin: Browserless, instance: str) -> ClientConnection:
    url = admin.post(f"/instances/{instance}/console/token/", how="share").json()["url"]
    address = stack.url.replace("http", "ws") + url
    return connect(address, origin=stack.url, subprotocols=["binary"], compression=None)


def _serial(stack: Stack, admin: Browserless, host: str, instance: str) -> ClientConnection:
    address = stack.url.replace("http", "ws") + f"/ws/serial/{host}/{instance}/"
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in admin.cookies)
    return connect(address, origin=stack.url, additional_headers={"Cookie": cookies})
