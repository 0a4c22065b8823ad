"""How long a person's page takes while strangers guess passwords, or send requests that never end."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from urllib.parse import urlsplit

from tests.bench.figures import Figure, Goal, milliseconds, percentile
from tests.bench.installation import Installation
from tests.bench.listing import Viewer, viewer

ROUNDS = 60
GUESSES, AT_ONCE = 256, 64
UNFINISHED = 4_200
STRANGER = ("127.0.0.2", 0)
"""Where strangers come from: what is counted by address is not the person's."""
GOAL = Goal(bound=500, unit="ms")


def measure(installation: Installation) -> Iterator[Figure]:
    person = viewer(installation, installation.rows["lists"][0]["user"])
    quiet = _p95([_page(person) for _round in range(ROUNDS)])
    place = urlsplit(installation.stack.url)
    with ThreadPoolExecutor(AT_ONCE) as strangers:
        guesses = [strangers.submit(_guess, place.netloc, number) for number in range(GUESSES)]
        beside = []
        while not all(guess.done() for guess in guesses):
            beside.append(_page(person))
        wait(guesses)
        statuses = [guess.result() for guess in guesses]
    refused = sum(status in {429, 503} for status in statuses)
    yield _figure(
        f"page while {GUESSES} passwords are guessed, p95", beside, quiet, f"{refused} told to wait; "
    )
    with ExitStack() as held:
        for _number in range(UNFINISHED):
            stranger = held.enter_context(
                socket.create_connection((place.hostname, place.port), 30, source_address=STRANGER)
            )
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        times = [_page(person) for _round in range(ROUNDS)]
    yield _figure(f"page beside {UNFINISHED:,} unfinished requests, p95", times, quiet)


def _figure(what: str, times: list[float], quiet: float, told: str = "") -> Figure:
    p95 = _p95(times)
    return Figure(
        what=what,
        ours=milliseconds(p95),
        beside=f"{told}quiet: {milliseconds(quiet)}",
        value=p95 * 1e3,
        goal=GOAL,
    )


def _page(person: Viewer) -> float:
    time.sleep(0.05)
    return person.get("/instances/")[0]


def _guess(place: str, number: int) -> int:
    """The status of one wrong sign-in by a name of its own."""
    user = {"name": f"nobody-{number}", "domain": {"id": "default"}, "password": "wrong horse"}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    connection = http.client.HTTPConnection(place, timeout=120, source_address=STRANGER)
    try:
        connection.request(
            "POST", "/identity/v3/auth/tokens", json.dumps(body), {"Content-Type": "application/json"}
        )
        return connection.getresponse().status
    finally:
        connection.close()


def _p95(times: list[float]) -> float:
    return percentile(times, 95)
