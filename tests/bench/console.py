"""Bytes from a screen through our console proxy, beside bare websockify in front of the same screen."""

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.byte_server import GREETING
from tests.bench.figures import Figure, Goal, median_ratio, milliseconds
from tests.bench.installation import Installation
from tests.stack import BASE, wait_for

ROUNDS = 31
BUSY_ROUNDS = 11
BYTES = 400 * 2**20
SETTLE_SECONDS = 0.3
"""What the last connection leaves to do, such as giving back its pass, is not the next one's."""
BINARY_FRAME, MASKED = b"\x82", 0x80

Connect = Callable[[], socket.socket]


def measure(installation: Installation) -> Iterator[Figure]:
    """Every round asks each way once: through the front door, our proxy alone, bare websockify."""
    screen = installation.rows["screen"]
    address = urlsplit(installation.stack.url)
    front = (str(address.hostname), int(address.port or 80))
    own = installation.stack.root / "data" / "run" / "console.sock"
    with ExitStack() as open_ones:
        open_ones.enter_context(
            _program(Path(screen["socket"]), "-m", "tests.bench.byte_server", screen["socket"], str(BYTES))
        )
        port = open_ones.enter_context(_bare_websockify(screen["socket"]))
        ways: dict[str, tuple[Connect, Callable[[], str]]] = {
            "ours": (lambda: socket.create_connection(front), lambda: _pass(installation, screen["uuid"])),
            "without nginx": (lambda: _unix(own), lambda: _pass(installation, screen["uuid"])),
            "bare": (lambda: socket.create_connection(("127.0.0.1", port)), lambda: "/"),
        }
        connects: dict[str, list[float]] = {name: [] for name in ways}
        rates: dict[str, list[float]] = {name: [] for name in ways}

        def ask(count: int) -> None:
            for number in range(count):
                for name in list(ways) if number % 2 else reversed(ways):
                    connect, path = ways[name]
                    there = path()
                    time.sleep(SETTLE_SECONDS)
                    seconds, rate = _download(connect, there, front)
                    connects[name].append(seconds)
                    rates[name].append(rate)

        ask(ROUNDS)
        with _busy_core():
            ask(BUSY_ROUNDS)
    busy = {name: values[ROUNDS:] for name, values in rates.items()}
    rates = {name: values[:ROUNDS] for name, values in rates.items()}
    medians = {name: statistics.median(values) for name, values in rates.items()}
    yield Figure(
        what=f"console, {BYTES >> 20} MiB down through nginx and our proxy",
        ours=f"{medians['ours']:.0f} MB/s",
        beside=f"bare websockify: {medians['bare']:.0f} MB/s",
        value=median_ratio(rates["ours"], rates["bare"]),
        goal=Goal(bound=0.95, at_least=True),
    )
    yield Figure(
        what="    our proxy without nginx",
        ours=f"{medians['without nginx']:.0f} MB/s",
        beside=f"bare websockify: {medians['bare']:.0f} MB/s",
        value=median_ratio(rates["without nginx"], rates["bare"]),
    )
    yield Figure(
        what="    through nginx, while one core is busy",
        ours=f"{statistics.median(busy['ours']):.0f} MB/s",
        beside=f"bare websockify: {statistics.median(busy['bare']):.0f} MB/s",
        value=median_ratio(busy["ours"], busy["bare"]),
        goal=Goal(bound=0.95, at_least=True),
    )
    connects = {name: values[:ROUNDS] for name, values in connects.items()}
    for name, label, goal in (
        ("ours", "through nginx", Goal(bound=2)),
        ("without nginx", "without nginx", None),
    ):
        yield Figure(
            what=f"    connect to first byte, {label}",
            ours=milliseconds(statistics.median(connects[name])),
            beside=f"bare websockify: {milliseconds(statistics.median(connects['bare']))}",
            value=median_ratio(connects[name], connects["bare"]),
            goal=goal,
        )


def _download(connect: Connect, path: str, host: tuple[str, int]) -> tuple[float, float]:
    """Seconds from connecting to the screen's first byte; then MB/s.

    Frames are not taken apart: their headers are a few bytes of 64 KiB, and the client must not be the slow part.
    """
    began = time.perf_counter()
    with connect() as wire:
        wire.settimeout(60)
        wire.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host[0]}:{host[1]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: binary\r\n\r\n".encode()
        )
        heard = b""
        while GREETING not in heard:
            said = wire.recv(4096)
            assert said, f"the proxy hung up after {heard[:200]!r}"
            heard += said
        connected = time.perf_counter()
        assert heard.startswith(b"HTTP/1.1 101"), heard
        wire.sendall(BINARY_FRAME + bytes([MASKED | 1]) + bytes(4) + b"!")
        room, left = memoryview(bytearray(1 << 20)), BYTES
        while left > 0:
            count = wire.recv_into(room)
            assert count, f"the proxy hung up {left} bytes early"
            left -= count
        return connected - began, BYTES / 1e6 / (time.perf_counter() - connected)


def _pass(installation: Installation, uuid: str) -> str:
    """The path that leads to the instance's screen, once."""
    answer = installation.admin.post(f"/instances/{uuid}/console/token/", how="share")
    assert answer.status == 201, answer.text
    return str(answer.json()["url"])


def _unix(path: Path) -> socket.socket:
    wire = socket.socket(socket.AF_UNIX)
    wire.connect(str(path))
    return wire


@contextmanager
def _busy_core() -> Iterator[None]:
    """A process that counts as quickly as it can."""
    program = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        program.kill()
        program.wait(10)


@contextmanager
def _program(listens: Path, *arguments: str) -> Iterator[None]:
    """A Python program that listens on a socket of this name."""
    program = subprocess.Popen([sys.executable, *arguments], cwd=BASE)
    try:
        wait_for(listens.exists, f"{arguments[1]} to listen", 10)
        yield
    finally:
        program.terminate()
        program.wait(10)


@contextmanager
def _bare_websockify(target: str) -> Iterator[int]:
    """As its authors start it, with nothing of ours; the port where it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = subprocess.Popen(
        [sys.executable, "-m", "websockify", f"--unix-target={target}", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(listens, "websockify to listen", 10)
        yield port
    finally:
        program.terminate()
        program.wait(10)
