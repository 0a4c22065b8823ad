"""Images: sent through the front door beside a copy to the same disk, sent slowly beside the pages, and launched twice."""

import base64
import http.client
import os
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from compute.store import PIECE_BYTES
from tests.bench.compute import Api
from tests.bench.figures import Figure, Goal, median_ratio, percentile
from tests.bench.installation import Installation
from tests.bench.listing import WHOLE, Viewer, viewer
from tests.stack import wait_for

ROUNDS = 5
FILE_BYTES = 512 * 2**20
SLOW, SLOW_BYTES = 16, 10_000
"""Uploads at once, and the bytes a second of each."""
LOOKS = 150
LARGE_GIB = 2
SMALL_FLAVOR = "2"
"""A size whose disk has room for the large image."""


def measure(installation: Installation) -> Iterator[Figure]:
    folder = installation.stack.root / "bench-images"
    folder.mkdir()
    try:
        yield from _uploads(installation, folder)
        yield _slow_uploads(installation)
        yield _second_launch(installation, folder)
    finally:
        shutil.rmtree(folder)


def _uploads(installation: Installation, folder: Path) -> Iterator[Figure]:
    """Rounds of the API, of the browser's pieces and of `cat`, each with the data on the disk at its end."""
    source = folder / "source"
    _fill(source, FILE_BYTES)
    api, browser = Api(installation, "admin", "demo"), _Browser(installation)
    ways = {"API": lambda: _send(installation, api, source), "browser": lambda: browser.send(source)}
    copied: list[float] = []
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _round in range(ROUNDS):
        for way, send in ways.items():
            times[way].append(send())
        began = time.perf_counter()
        subprocess.run(["sh", "-c", 'cat "$1" > "$1.copy" && sync "$1.copy"', "sh", str(source)], check=True)
        copied.append(time.perf_counter() - began)
    for way, taken in times.items():
        yield Figure(
            what=f"upload of {FILE_BYTES // 2**20} MiB by the {way}",
            ours=_speed(FILE_BYTES, taken),
            beside=f"cat: {_speed(FILE_BYTES, copied)}",
            value=median_ratio(copied, taken),
            goal=Goal(bound=0.8, at_least=True),
        )


def _slow_uploads(installation: Installation) -> Figure:
    """The page of instances while many send slowly, half of them by the API and half as the browser does."""
    looker = viewer(installation, "admin")
    alone = _looks(looker)
    with _sending_slowly(installation):
        beside = _looks(looker)
    alone += _looks(looker)
    return Figure(
        what=f"instances page, p95 beside {SLOW} uploads at {SLOW_BYTES // 1000} kB/s",
        ours=f"{percentile(beside, 95) * 1e3:.1f} ms",
        beside=f"without: {percentile(alone, 95) * 1e3:.1f} ms",
        value=percentile(beside, 95) / percentile(alone, 95),
        goal=Goal(bound=1.5),
    )


def _second_launch(installation: Installation, folder: Path) -> Figure:
    """From an image that no pool has yet, and again."""
    image = _large_image(installation, folder)
    first, second = (_launch(installation, f"bench-large-{number}", image) for number in range(2))
    return Figure(
        what=f"launch from an image of {LARGE_GIB} GiB, the second time",
        ours=f"{second:.1f} s",
        beside=f"the first: {first:.1f} s",
        value=second / first,
        goal=Goal(bound=0.2),
    )


class _Browser:
    """Sends files as static/js/upload.js does."""

    def __init__(self, installation: Installation) -> None:
        self._viewer = viewer(installation, "admin")
        cookies = dict(pair.split("=", 1) for pair in self._viewer.cookie.split("; "))
        self._headers = {
            "Cookie": self._viewer.cookie,
            "X-CSRFToken": cookies["csrf"],
            "Tus-Resumable": "1.0.0",
            "Accept": "application/json",
            "Origin": installation.stack.url,
        }
        self._installation = installation

    def send(self, source: Path) -> float:
        """Seconds until the last piece is answered."""
        began = time.perf_counter()
        address, size = self.begin(source.stat().st_size), source.stat().st_size
        with source.open("rb") as file:
            for offset in range(0, size, PIECE_BYTES):
                self._ask("PATCH", address, {"Upload-Offset": str(offset)}, file.read(PIECE_BYTES))
        took = time.perf_counter() - began
        key = address.split("/")[-2]
        ready = "select id from compute_image where id = ? and status = 'active'"
        wait_for(lambda: self._installation.stack.rows(ready, key.replace("-", "")), "the import", 120)
        self._ask("POST", f"/images/{key}/delete/", {}, b"")
        return took

    def begin(self, size: int) -> str:
        """The address of a new upload."""
        name = base64.b64encode(b"bench").decode()
        return self._ask(
            "POST", "/images/uploads/", {"Upload-Length": str(size), "Upload-Metadata": f"name {name}"}, b""
        )

    def head(self, address: str, offset: int) -> bytes:
        """The beginning of a request for one piece, for who sends its bytes by hand."""
        lines = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        text = "".join(f"{name}: {value}\r\n" for name, value in (self._headers | lines).items())
        host = f"Host: {urlsplit(self._installation.stack.url).netloc}\r\n"
        size = f"Content-Length: {PIECE_BYTES}\r\n"
        return f"PATCH {address} HTTP/1.1\r\n{host}{size}{text}\r\n".encode()

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> str:
        kind = {"Content-Type": "application/offset+octet-stream"} if body else {}
        self._viewer.connection.request(method, path, body, self._headers | kind | headers)
        answer = self._viewer.connection.getresponse()
        text = answer.read()
        assert answer.status in {201, 204, 302}, f"{method} {path} answered {answer.status}: {text[:300]!r}"
        return answer.headers.get("Location", "")


def _send(installation: Installation, api: Api, source: Path) -> float:
    """Seconds of one PUT, which is answered once the image is there."""
    key = _new_image(api, installation, "bench")
    began = time.perf_counter()
    _put(api, installation, key, source)
    took = time.perf_counter() - began
    _delete(api, installation, key)
    return took


@contextmanager
def _sending_slowly(installation: Installation) -> Iterator[None]:
    """Uploads that go on until they are no longer looked at."""
    over = threading.Event()
    api, browser = Api(installation, "admin", "demo"), _Browser(installation)
    parts = urlsplit(installation.stack.url)
    keys = []
    heads = []
    for number in range(SLOW):
        if number % 2:
            heads.append(browser.head(browser.begin(2 * PIECE_BYTES), 0))
            continue
        keys.append(_new_image(api, installation, "bench"))
        heads.append(
            f"PUT /image/v2/images/{keys[-1]}/file HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"X-Auth-Token: {api.session.headers['X-Auth-Token']}\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {PIECE_BYTES}\r\n\r\n".encode()
        )

    def send(head: bytes) -> None:
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        connection.connect()
        connection.sock.sendall(head)
        while not over.wait(0.2):
            connection.sock.sendall(bytes(SLOW_BYTES // 5))
        connection.close()

    senders = [threading.Thread(target=send, args=[head], daemon=True) for head in heads]
    for sender in senders:
        sender.start()
    time.sleep(2)
    yield
    over.set()
    for sender in senders:
        sender.join()
    for key in keys:
        _delete(api, installation, key)


def _looks(looker: Viewer) -> list[float]:
    return [looker.get(WHOLE)[0] for _look in range(LOOKS)][5:]


def _large_image(installation: Installation, folder: Path) -> str:
    """The usual system on a disk full of data that nothing can pack."""
    stack = installation.stack
    api = Api(installation, "admin", "demo")
    tiny, large = folder / "tiny", folder / "large"
    data = api.session.get(f"{stack.url}/image/v2/images/{stack.usual_image}/file", timeout=60)
    tiny.write_bytes(data.content)
    subprocess.run(["qemu-img", "convert", "-O", "raw", tiny, large], check=True)
    _fill(large, LARGE_GIB * 2**30)
    key = _new_image(api, installation, "bench-large")
    _put(api, installation, key, large)
    return key


def _new_image(api: Api, installation: Installation, name: str) -> str:
    wish = {"name": name, "disk_format": "raw", "container_format": "bare"}
    answer = api.session.post(f"{installation.stack.url}/image/v2/images", json=wish, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["id"])


def _put(api: Api, installation: Installation, key: str, source: Path) -> None:
    with source.open("rb") as file:
        answer = api.session.put(
            f"{installation.stack.url}/image/v2/images/{key}/file",
            data=file,
            headers={"Content-Type": "application/octet-stream"},
            timeout=600,
        )
    answer.raise_for_status()


def _delete(api: Api, installation: Installation, key: str) -> None:
    api.session.delete(f"{installation.stack.url}/image/v2/images/{key}", timeout=60).raise_for_status()


def _launch(installation: Installation, name: str, image: str) -> float:
    began = time.perf_counter()
    answer = installation.admin.launch(installation.stack, name, image_id=image, flavor_id=SMALL_FLAVOR)
    assert answer.status == 200, answer.text
    installation.stack.wait_for_state(name, "active", 120)
    took = time.perf_counter() - began
    installation.purge(name)
    return took


def _fill(path: Path, size: int) -> None:
    """Write random data up to the size, and have them on the disk."""
    block = os.urandom(2**20)
    with path.open("ab") as file:
        while (left := size - file.tell()) > 0:
            file.write(block[:left])
        os.fsync(file.fileno())


def _speed(size: int, taken: list[float]) -> str:
    return f"{size / 2**20 / statistics.median(taken):.0f} MiB/s"
