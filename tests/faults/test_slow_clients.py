"""Clients that are slow, lie or go away, through the front and beside it: nobody else waits for them."""

import hashlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.stack import Stack, running

MANY = settings.WEB_THREADS + settings.WEB_STREAMING_THREADS + 4
LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
TOKEN = "X-Auth-Token: any"

Door = Callable[[], socket.socket]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running(DJANGO_SETTINGS_MODULE="tests.faults.streams.settings") as stack:
        yield stack


@pytest.fixture(params=["front", "web"])
def door(request: pytest.FixtureRequest, stack: Stack) -> Door:
    """Connects to nginx, or to the web process behind it."""

    def connect() -> socket.socket:
        if request.param == "web":
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(stack.root / "data/run/web.sock"))
        else:
            address = urlsplit(stack.url)
            connection = socket.create_connection((address.hostname, address.port))
        connection.settimeout(60)
        return connection

    return connect


def head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body; what follows the body is another answer's."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(64 * 1024)
        assert part, f"closed after {received!r}"
        received += part
    top, _, body = received.partition(b"\r\n\r\n")
    lines = top.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    length = int(fields.get("content-length", 0))
    while len(body) < length:
        body += connection.recv(64 * 1024)
    return int(lines[0].split()[1]), body[:length]


def page(door: Door) -> int:
    """The status of a page, asked for beside all others."""
    with closing(door()) as connection:
        connection.sendall(head("GET", "/sign-in/", "Connection: close"))
        return answer(connection)[0]


@pytest.mark.parametrize("path", ["/test/echo", "/test/upload"])
def test_many_slow_senders_make_no_page_wait(door: Door, path: str) -> None:
    """They send byte by byte; pages come in between, and at the end each gets its answer."""
    text = b"slowly"
    with ExitStack() as open_ones:
        senders = [open_ones.enter_context(closing(door())) for _ in range(MANY)]
        for sender in senders:
            sender.sendall(head("PUT", path, TOKEN, f"Content-Length: {len(text)}"))
        for at in range(len(text)):
            assert page(door) == 200
            for sender in senders:
                sender.sendall(text[at : at + 1])
        for sender in senders:
            status, body = answer(sender)
            assert status == 200
            assert text == body or json.loads(body)["size"] == len(text)


@pytest.mark.parametrize("length", ["1073741824", "9" * 5000, "-1", "1e3", "abc"])
def test_a_length_that_is_too_large_or_none_is_refused_before_the_body_comes(door: Door, length: str) -> None:
    with closing(door()) as connection:
        connection.sendall(head("PUT", "/test/echo", f"Content-Length: {length}"))
        status, _body = answer(connection)
        assert status == 413 if length.isdigit() and len(length) < 20 else status in {400, 413}


def test_a_body_without_a_length_is_refused_beyond_the_limit(door: Door) -> None:
    with closing(door()) as connection:
        connection.sendall(head("PUT", "/test/echo", "Transfer-Encoding: chunked"))
        part = b"%x\r\n%s\r\n" % (LIMIT // 2 + 1, b"x" * (LIMIT // 2 + 1))
        connection.sendall(part + part)  # not its end
        assert answer(connection)[0] == 413


@pytest.mark.parametrize("length", ["Content-Length: 2", "X-None: 0"])
def test_no_more_is_read_than_was_declared(door: Door, length: str) -> None:
    with closing(door()) as connection:
        connection.sendall(head("PUT", "/test/echo", length) + b"abcd\r\n\r\n")
        status, body = answer(connection)
        assert status == 400 or (status, body) == (200, b"ab" if "2" in length else b"")


def test_the_limit_itself_fits(door: Door) -> None:
    with closing(door()) as connection:
        connection.sendall(head("PUT", "/test/echo", f"Content-Length: {LIMIT}") + b"x" * LIMIT)
        assert answer(connection) == (200, b"x" * LIMIT)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_any_size_is_streamed(stack: Stack, door: Door, *, chunked: bool) -> None:
    """It arrives whole, and is kept neither in memory nor in nginx's files."""
    part, count = os.urandom(1024 * 1024), 150
    before = _peak(stack)
    with closing(door()) as connection:
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(part) * count}"
        connection.sendall(head("PUT", "/test/upload", TOKEN, length))
        for number in range(count):
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
            if number == count // 2:
                assert not [*(stack.root / "data/run/nginx-body").rglob("*[0-9]")]
        connection.sendall(b"0\r\n\r\n" if chunked else b"")
        status, body = answer(connection)
    assert (status, json.loads(body)["size"]) == (200, len(part) * count)
    assert json.loads(body)["sha256"] == hashlib.sha256(part * count).hexdigest()
    assert _peak(stack) - before < len(part) * count // 4


def test_a_large_body_without_a_right_is_refused_before_it_comes(door: Door) -> None:
    with closing(door()) as connection:
        connection.sendall(head("PUT", "/test/upload", f"Content-Length: {10 * 2**30}"))
        assert answer(connection)[0] == 403


def test_senders_that_go_away_free_their_threads(door: Door) -> None:
    for _ in range(MANY):
        with closing(door()) as connection:
            connection.sendall(head("PUT", "/test/upload", TOKEN, "Content-Length: 1000") + b"a part")
    with closing(door()) as connection:
        connection.sendall(head("PUT", "/test/upload", TOKEN, "Content-Length: 5") + b"whole")
        assert json.loads(answer(connection)[1])["size"] == 5


def test_readers_that_go_away_free_their_threads(door: Door) -> None:
    """Each has read a part of an answer that never expires, so answers are sent while they are made."""
    for _ in range(MANY):
        with closing(door()) as connection:
            connection.sendall(head("GET", "/test/endless"))
            assert answer(connection)[0] == 200
            assert b"xxx" in connection.recv(64 * 1024)
    assert page(door) == 200


def test_readers_that_do_not_read_leave_a_page_its_thread(door: Door) -> None:
    """Fewer than there are threads, so that only a thread each is what they can hold."""
    with ExitStack() as open_ones:
        for _ in range(settings.WEB_THREADS - 1):
            reader = open_ones.enter_context(closing(door()))
            reader.sendall(head("GET", "/test/endless"))
            answer(reader)
        assert page(door) == 200


def _peak(stack: Stack) -> int:
    """Bytes: the most memory that the web process ever had."""
    lines = Path(f"/proc/{stack.pid('web')}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
