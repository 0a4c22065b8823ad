"""The real nginx with our configuration, in front of a small server that says what reached it."""

import http.client
import json
import socket
import socketserver
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread

import pytest
from pytest_django import Settings

from portal import supervision
from tests.stack import wait_for

HOSTS: dict[tuple[str, str], str] = {}
Get = Callable[..., http.client.HTTPResponse]


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers of the request; to the front door, that a host is where its id says."""

    def do_GET(self) -> None:
        if self.path.startswith("/_front/console/"):
            part, host_id = self.path.split("/")[3:5]
            self.send_response(204)
            self.send_header("X-Console", HOSTS.get((part, host_id), "web"))
            self.end_headers()
            return
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """A data folder of its own, and a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.LISTEN = f"127.0.0.1:{probe.getsockname()[1]}"
    settings.DATA_DIR, settings.RUN_DIR = tmp_path, tmp_path / "run"
    settings.RUN_DIR.mkdir()
    return tmp_path


@contextmanager
def front_door(data: Path, listen: str) -> Iterator[Get]:
    """nginx as `make up` runs it; gives a function that asks it for a path."""
    supervision.render()
    process = subprocess.Popen(["nginx", "-e", "stderr", "-c", str(data / "run/nginx.conf")])

    def get(path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(listen, timeout=10)
        connection.request(
            "GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        return connection.getresponse()

    try:
        deadline = time.monotonic() + 10
        with socket.socket() as probe:
            host, port = listen.split(":")
            while probe.connect_ex((host, int(port))):
                assert time.monotonic() < deadline, "nginx does not listen"
                time.sleep(0.02)
        yield get
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def web(data: Path, socket_name: str = "web.sock") -> Iterator[None]:
    """The small server, on the socket where the portal, or another process of ours, would be."""
    with socketserver.ThreadingUnixStreamServer(str(data / "run" / socket_name), Echo) as server:
        # http.server wants an address with two parts, which a unix socket has not.
        server.get_request = lambda: (server.socket.accept()[0], ("socket", 0))  # type: ignore[method-assign]
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield
        server.shutdown()


@pytest.mark.parametrize(
    ("proxies", "sent", "seen"),
    [
        ("1", "9.9.9.9", "127.0.0.1"),
        ("2", "9.9.9.9, 10.1.1.1", "10.1.1.1"),
        ("2", "", "127.0.0.1"),
        ("3", "9.9.9.9, 10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("3", "10.2.2.2", "127.0.0.1"),
    ],
)
def test_a_client_cannot_choose_its_own_address(
    data: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, proxies: str, sent: str, seen: str
) -> None:
    monkeypatch.setenv("MERIDIAN_PROXIES", proxies)
    with web(data), front_door(data, settings.LISTEN) as get:
        headers = {"X_Forwarded_For": sent} if sent else {}
        assert json.load(get("/", **headers))["x-forwarded-for"] == seen


@pytest.mark.parametrize(("proxies", "seen"), [("1", "http"), ("2", "https")])
def test_only_a_proxy_of_ours_may_say_that_the_client_used_https(
    data: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, proxies: str, seen: str
) -> None:
    monkeypatch.setenv("MERIDIAN_PROXIES", proxies)
    with web(data), front_door(data, settings.LISTEN) as get:
        assert json.load(get("/", X_Forwarded_Proto="https"))["x-forwarded-proto"] == seen


def test_a_missing_portal_gives_a_page_that_tries_again(data: Path, settings: Settings) -> None:
    with front_door(data, settings.LISTEN) as get:
        answer = get("/instances/")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "3")
        assert "Your instances keep running" in answer.read().decode()


def test_thousands_who_never_finish_their_request_reset_nobody(data: Path, settings: Settings) -> None:
    host, port = settings.LISTEN.split(":")
    with web(data), front_door(data, settings.LISTEN) as get, ExitStack() as unfinished:
        person = http.client.HTTPConnection(settings.LISTEN, timeout=10)
        person.request("GET", "/")
        person.getresponse().read()
        for _number in range(4_200):
            stranger = unfinished.enter_context(socket.create_connection((host, int(port)), timeout=10))
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        person.request("GET", "/")
        assert person.getresponse().status == 200, "on the connection that was open before"
        assert get("/").status == 200


def test_one_address_has_so_many_requests_at_once(
    data: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "MOST_REQUESTS", 3)
    host, port = settings.LISTEN.split(":")
    unfinished = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nsome"
    with web(data), front_door(data, settings.LISTEN) as get, ExitStack() as others:
        for _number in range(3):
            other = others.enter_context(socket.create_connection((host, int(port)), timeout=10))
            other.sendall(unfinished)
        wait_for(lambda: get("/").status == 429, "the fourth to be refused")
        others.close()
        wait_for(lambda: get("/").status == 200, "the next to be served")


def test_static_files_are_kept_for_ever_and_nothing_else_is_served(data: Path, settings: Settings) -> None:
    folder = data / "static" / "0123456789"
    folder.mkdir(parents=True)
    (folder / "own.mjs").write_text("export {};\n")
    (data / "secret-key").write_text("secret")
    with front_door(data, settings.LISTEN) as get:
        answer = get("/static/0123456789/own.mjs")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/javascript"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        for path in (
            "/static/../secret-key",
            "/static/%2e%2e/secret-key",
            "/static/0123456789/..%2f..%2fsecret-key",
        ):
            assert get(path).status in {400, 404, 503}, path
        assert get("/static/0123456789/").status in {403, 404}


def test_consoles_go_to_the_host_that_the_web_names(data: Path, settings: Settings) -> None:
    """Also to one that came after the start; and what is said of no host is a page of the web."""
    here, there, unknown = (str(uuid.uuid4()) for _ in range(3))
    HOSTS[("screens", here)], HOSTS[("host", here)] = "screens", "host"
    with (
        web(data),
        web(data, "console.sock"),
        web(data, "host.sock"),
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), Other) as other,
        front_door(data, settings.LISTEN) as get,
    ):
        Thread(target=other.serve_forever, args=(0.05,), daemon=True).start()
        for path in (f"/console/{here}/?token=x", f"/ws/serial/{here}/{unknown}/"):
            heard = json.load(get(path, Cookie="session=a", Upgrade="websocket"))
            assert (heard["cookie"], heard["upgrade"]) == ("session=a", "websocket"), path
        assert get(f"/console/{there}/?token=x").read() != b"other"
        HOSTS[("screens", there)] = f"127.0.0.1:{other.server_address[1]}"
        assert get(f"/console/{there}/?token=x").read() == b"other"
        assert get(f"/console/{unknown}/").status == 200, "the web answers"
        assert get("/console/").status == 200, "the web answers"
        for path in (f"/_front/console/screens/{here}/", "/_front/console", "/_front/"):
            assert get(path).status == 404, "for the front door alone"
        other.shutdown()


class Other(BaseHTTPRequestHandler):
    """Another machine."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"other")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""
