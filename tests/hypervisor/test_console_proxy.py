"""The console proxy as clients meet it: a real process, real websockets, stand-in screens."""

import hashlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from compute.console import server
from tests.hypervisor.console_lab import PUBLIC_URL, ConsoleLab, ended, screens, wait_until
from tests.proof import examples


@pytest.fixture(scope="module")
def lab() -> Iterator[ConsoleLab]:
    with ConsoleLab.running() as lab:
        yield lab


@pytest.mark.parametrize("path", ["/console/", "/"])
@pytest.mark.parametrize("origin", [None, PUBLIC_URL])
def test_a_good_token_reaches_the_screen(lab: ConsoleLab, origin: str | None, path: str) -> None:
    [(token, screen)] = lab.passes()
    with screens([screen]), lab.connect(token, origin=origin, path=path) as client:
        assert client.subprotocol == "binary"
        assert client.recv(5) == b"RFB 003.008\n"
        client.send(b"RFB 003.008\n")
        assert client.recv(5) == str(screen).encode()


def test_another_allowed_name_of_ours_is_no_stranger(lab: ConsoleLab) -> None:
    [(token, screen)] = lab.passes()
    with (
        screens([screen]),
        lab.connect(token, origin="http://localhost:8000", host="localhost:8000") as client,
    ):
        assert client.recv(5).startswith(b"RFB")


STRANGERS = [
    ("http://evil.example", "cloud.example:8000"),
    ("null", "cloud.example:8000"),
    ("", "cloud.example:8000"),
    ("https://cloud.example:8000", "cloud.example:8000"),
    ("http://cloud.example", "cloud.example:8000"),
    ("http://cloud.example:9000", "cloud.example:9000"),
    ("http://cloud.example:8000.evil.example", "cloud.example:8000"),
    ("http://cloud.example:8000@evil.example", "cloud.example:8000"),
    ("http://localhost:8000", "cloud.example:8000"),
    ("http://evil.example:8000", "evil.example:8000"),
    ("http://cloud.example:port", "cloud.example:8000"),
]


@pytest.mark.parametrize(("origin", "host"), STRANGERS)
def test_a_foreign_page_is_refused_and_uses_nothing_up(lab: ConsoleLab, origin: str, host: str) -> None:
    [(token, screen)] = lab.passes()
    with screens([screen]):
        assert _refusal(lab, token, origin=origin, host=host) == REFUSED
        with lab.connect(token, origin=PUBLIC_URL) as client:
            assert client.recv(5).startswith(b"RFB")


REFUSED = (403, b"")


def test_wrong_tokens_are_refused_alike(lab: ConsoleLab) -> None:
    [(used, screen), (late, _), (stopped, _), (good, _)] = lab.passes(4)
    stopped_id, late_id = _digest(stopped), _digest(late)
    lab.change(
        "from django.utils import timezone; "
        f"ConsoleToken.objects.filter(digest='{late_id}').update(expires_at=timezone.now()); "
        f"Instance.objects.filter(console_tokens__digest='{stopped_id}').update(vm_state='stopped')"
    )
    with screens([screen]), lab.connect(used) as client:
        client.recv(5)
        answers = {
            _refusal(lab, token) for token in (used, late, stopped, "forged", "a" * 43, "", "%00", good[:-1])
        }
    assert answers == {REFUSED}


def test_thirty_at_once_each_reach_their_own(lab: ConsoleLab) -> None:
    passes = lab.passes(30)
    with screens([screen for _, screen in passes]), ExitStack() as stack:
        clients = [(stack.enter_context(lab.connect(token)), screen) for token, screen in passes]
        assert all(client.recv(5).startswith(b"RFB") for client, _ in clients)
        for _ in range(3):
            for client, _screen in clients:
                client.send(b"who are you?")
            assert all(client.recv(5) == str(screen).encode() for client, screen in clients)
    wait_until(lambda: lab.connections == 0)


def test_a_client_that_stops_reading_hinders_nobody_and_holds_no_memory(lab: ConsoleLab) -> None:
    [(lazy, first), (keen, second)] = lab.passes(2)
    before = _memory_mib(lab.proxy)
    with screens([first, second]), lab.connect(lazy, max_queue=1) as stuck, lab.connect(keen) as client:
        stuck.send(b"flood")
        client.recv(5)
        for _ in range(20):
            client.send(b"hello")
            assert client.recv(5) == str(second).encode()
        time.sleep(1)  # long enough to read all of the flood
        held = _memory_mib(lab.proxy) - before
        assert held < 20


@pytest.mark.parametrize(
    "statement",
    [
        "Assignment.objects.all().delete()",
        "User.objects.update(enabled=False)",
        "Project.objects.update(enabled=False)",
        "ConsoleToken.objects.all().delete()",
        "Instance.objects.update(vm_state='stopped')",
        "Instance.objects.update(hypervisor=None)",
        "from accounts.services import users; users.set_own_password(User.objects.get(), 'another horse 2 battery')",
    ],
)
def test_who_loses_the_right_loses_the_screen_within_seconds(lab: ConsoleLab, statement: str) -> None:
    lab.change("User.objects.update(enabled=True); Project.objects.update(enabled=True)")
    [(token, screen)] = lab.passes()
    with screens([screen]), lab.connect(token) as client:
        client.recv(5)
        lab.change(statement)
        assert ended(client, 5)
        assert client.protocol.close_code == 1008
    wait_until(lambda: lab.connections == 0)


def test_a_connection_that_has_ended_gives_its_pass_back(lab: ConsoleLab) -> None:
    [(token, screen)] = lab.passes()
    count = f"print(ConsoleToken.objects.filter(digest='{_digest(token)}').count())"
    head = "from compute.models import ConsoleToken; "
    with screens([screen]), lab.connect(token) as client:
        client.recv(5)
        assert lab.manage("shell", "--verbosity", "0", "-c", head + count).strip() == "1"
    wait_until(lambda: lab.manage("shell", "--verbosity", "0", "-c", head + count).strip() == "0")


@pytest.mark.parametrize("number", examples([signal.SIGTERM, signal.SIGKILL]))
def test_killing_the_proxy_closes_all_and_leaves_no_process(number: int) -> None:
    with ConsoleLab.running() as lab:
        passes = lab.passes(3)
        with screens([screen for _, screen in passes]), ExitStack() as stack:
            clients = [stack.enter_context(lab.connect(token)) for token, _ in passes]
            for client in clients:
                client.recv(5)
            # The one by which the lab saw that the proxy listens may still be closing.
            wait_until(lambda: lab.connections == 3)
            proxy = lab.proxy
            lab.stop(number)
            assert all(ended(client, 5) for client in clients)
            wait_until(lambda: not _alive(proxy))
            lab.start()
            [(token, screen)] = lab.passes()
            with screens([screen]), lab.connect(token) as client:
                assert client.recv(5).startswith(b"RFB")


def test_the_guest_ending_closes_the_client(lab: ConsoleLab) -> None:
    [(token, _screen)] = lab.passes()
    with lab.connect(token) as client:  # nothing listens there: the guest has just stopped
        assert ended(client, 5)
    assert client.protocol.close_code == 1011


PART = b"\x00\xff" + (512 << 10).to_bytes(8) + bytes(4 + (512 << 10))
BROKEN = {
    "not masked": (b"\x82\x03abc", 1002),
    "no such kind of frame": (b"\x83\x80\0\0\0\0", 1003),
    "the rest of nothing": (b"\x80\x81\0\0\0\0a", 1002),
    "text": (b"\x81\x81\0\0\0\0\xff", 1003),
    "no end": (b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0" + bytes(5 << 20), 1009),
    "no end of parts": (PART.replace(b"\x00", b"\x02", 1) + PART * 9, 1009),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_breaks_the_protocol_ends_with_a_reason_and_a_line(lab: ConsoleLab, how: str) -> None:
    sent, code = BROKEN[how]
    [(token, screen)] = lab.passes()
    with screens([screen]), lab.connect(token) as client:
        client.recv(5)
        with suppress(OSError):  # it may be over before all is sent
            client.socket.sendall(sent)
        assert ended(client, 5)
        assert client.protocol.close_code == code
        assert client.protocol.close_reason
    wait_until(lambda: f"console closed screen={screen.name}" in lab.log.read_text())
    said = [line for line in lab.log.read_text().splitlines() if screen.name in line]
    assert [line.count("a console's client") for line in said] == [0, 1, 0], "opened, what was wrong, closed"


def test_no_token_in_the_log(lab: ConsoleLab) -> None:
    [(token, screen)] = lab.passes()
    with screens([screen]), lab.connect(token) as client:
        client.recv(5)
        _refusal(lab, token)
        _refusal(lab, "forged-token")
    wait_until(lambda: screen.name in lab.log.read_text())
    said = lab.log.read_text()
    assert token not in said
    assert "forged-token" not in said
    assert "Traceback" not in said


def test_one_more_than_it_carries_is_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And let in once another has gone."""
    monkeypatch.setattr(server, "MOST", 1)
    path = tmp_path / "console.sock"
    threading.Thread(target=server.proxy(path).start, daemon=True).start()

    def connected() -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(5)
        client.connect(str(path))
        return client

    with connected() as first:
        with connected() as second, suppress(ConnectionError):
            assert second.recv(1) == b""
        first.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert first.recv(12).startswith(b"HTTP/1.1 405")

    def answered() -> bool:
        with connected() as third, suppress(ConnectionError):  # turned away
            third.sendall(b"GET / HTTP/1.1\r\n\r\n")
            return bool(third.recv(1))
        return False

    wait_until(answered)


def _refusal(lab: ConsoleLab, token: str, **how: str) -> tuple[int, bytes]:
    with pytest.raises(InvalidStatus) as refused:
        lab.connect(token, **how)
    return refused.value.response.status_code, bytes(refused.value.response.body)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return (
        stat.exists()
        and os.path.exists(f"/proc/{pid}")
        and stat.read_text().rpartition(")")[2].split()[0] != "Z"
    )


def _memory_mib(pid: int) -> float:
    """What the process has written of its memory, or has from the one that it was forked off."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024
