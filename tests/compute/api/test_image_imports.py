"""Imports by the Image API: what was staged, and what the web has, as operations that can be watched and cancelled."""

import gzip
import hashlib
import ipaddress
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from django.conf import LazySettings
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import Context
from accounts.errors import BadInput
from accounts.models import AuditEvent, Project, Quota
from compute.engine import operations
from compute.engine.models import Operation
from compute.images.models import Image
from compute.images.services import catalog, image_files, image_quota, imports, uploads, web_download
from tests import web_server
from tests.certificates import certify
from tests.compute.api.compute_calls import Compute
from tests.compute.api.image_calls import IMAGES, new, read, send
from tests.web_server import WebServer
from tests.worker import run, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("image_store")]
State = Operation.State


@pytest.fixture
def web(settings: LazySettings) -> Iterator[WebServer]:
    """A web server that imports may fetch from, though it is on the loopback."""
    with web_server.running() as server:
        settings.IMPORT_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)
        settings.IMPORT_PORTS = frozenset({80, 443, server.port})
        yield server


def stage(member: Compute, key: str, data: bytes) -> HttpResponse:
    return send(member, key, data, to="stage")


def begin(member: Compute, key: str, status: int = 202, name: str = "glance-direct", **more: Any) -> Any:
    method = {"name": name} | ({"uri": more.pop("uri")} if "uri" in more else {})
    return member.post(f"{IMAGES}/{key}/import", {"method": method} | more, status)


def fetch(member: Compute, url: str, **fields: Any) -> dict[str, Any]:
    """An image after it was imported from this URL, or was not."""
    key = new(member, **({"disk_format": "raw"} | fields))["id"]
    begin(member, key, name="web-download", uri=url)
    work("image.import")
    image: dict[str, Any] = member.get(f"{IMAGES}/{key}")
    return image


def reason(member: Compute, image: dict[str, Any]) -> str:
    """Why the last import failed; the image is empty again."""
    assert image["status"] == "queued"
    assert image["os_glance_failed_import"] == "file"
    (task,) = member.get(f"{IMAGES}/{image['id']}/tasks")["tasks"]
    assert task["status"] == "failure"
    return str(task["message"])


def test_what_there_is_to_import_with(member: Compute, admin: Compute) -> None:
    methods = member.get("/image/v2/info/import")["import-methods"]
    assert methods["value"] == ["glance-direct", "web-download"]
    (store,) = member.get("/image/v2/info/stores")["stores"]
    assert (store["id"], store["default"]) == ("file", True)
    body = {"name": "mine", "disk_format": "raw", "container_format": "bare"}
    answer = member.call("POST", IMAGES, body)
    assert answer["OpenStack-image-import-methods"] == "glance-direct,web-download"
    assert answer["OpenStack-image-store-ids"] == "file"
    assert admin.get("/image/v2/cache") == {"cached_images": [], "queued_images": []}
    member.get("/image/v2/cache", 403)


def test_staged_data_are_imported(member: Compute, disk: bytes, image_store: Path) -> None:
    image = new(member)
    assert stage(member, image["id"], disk).status_code == 204
    assert member.get(f"{IMAGES}/{image['id']}")["status"] == "uploading"
    assert read(member, image["id"]) == (204, b"")
    assert stage(member, image["id"], disk).status_code == 409
    assert send(member, image["id"], disk).status_code == 409
    answer = member.call("POST", f"{IMAGES}/{image['id']}/import", {"method": {"name": "glance-direct"}})
    assert answer.status_code == 202
    importing = member.get(f"{IMAGES}/{image['id']}")
    assert (importing["status"], importing["os_glance_importing_to_stores"]) == ("importing", "file")
    begin(member, image["id"], 409)
    work("image.import")
    row = member.get(f"{IMAGES}/{image['id']}")
    assert (row["status"], row["size"], row["stores"]) == ("active", len(disk), "file")
    assert row["os_hash_value"] == hashlib.sha256(disk).hexdigest()
    assert "os_glance_failed_import" not in row
    assert read(member, image["id"]) == (200, disk)
    assert [path.name for path in image_store.iterdir()] == [image["id"]]
    (task,) = member.get(f"{IMAGES}/{image['id']}/tasks")["tasks"]
    assert task["status"] == "success"
    assert task["request_id"] == answer["x-openstack-request-id"]
    assert task["input"]["import_req"]["method"] == {"name": "glance-direct"}
    assert task["result"] == {"image_id": image["id"]}


@pytest.mark.parametrize(
    ("wish", "status", "says"),
    [
        ({"name": "copy-image"}, 400, "glance-direct"),
        ({"name": "glance-direct"}, 409, "stage"),
        ({"name": "web-download"}, 400, "URL"),
        ({"name": "web-download", "uri": "http://192.0.2.1/x"}, 400, "192.0.2.1"),
        ({"name": "web-download", "uri": "http://example.org/x", "stores": ["ceph"]}, 409, "ceph"),
        (
            {"name": "web-download", "uri": "http://example.org/x", "stores": ["file"], "all_stores": True},
            400,
            "all",
        ),
    ],
)
def test_an_import_that_cannot_be_is_refused(
    member: Compute, wish: dict[str, Any], status: int, says: str
) -> None:
    key = new(member)["id"]
    assert says in str(begin(member, key, status, **wish))
    assert member.get(f"{IMAGES}/{key}")["status"] == "queued"
    assert not Operation.objects.exists()


def test_an_import_needs_formats_and_the_owner(
    member: Compute, reader: Compute, stranger: Compute, admin: Compute, disk: bytes
) -> None:
    url = "http://example.org/x"
    begin(member, new(member, disk_format=None)["id"], 400, name="web-download", uri=url)
    key = new(member)["id"]
    begin(reader, key, 403, name="web-download", uri=url)
    begin(stranger, key, 404, name="web-download", uri=url)
    begin(admin, key, name="web-download", uri=url, all_stores=True, all_stores_must_succeed=False)


def test_the_web_is_imported_with_its_progress(member: Compute, web: WebServer, image_store: Path) -> None:
    data = b"disk" * 200_000
    image = fetch(member, web.serve("/disk", data) + "?signature=hidden")
    assert (image["status"], image["size"]) == ("active", len(data))
    assert image["os_hash_value"] == hashlib.sha256(data).hexdigest()
    assert [path.name for path in image_store.iterdir()] == [image["id"]]
    assert web.hosts == [f"127.0.0.1:{web.port}"]
    operation = Operation.objects.get(kind="image.import")
    assert [entry["name"] for entry in operation.timeline] == ["fetch", "store"]
    (task,) = member.get(f"{IMAGES}/{image['id']}/tasks")["tasks"]
    assert task["input"]["import_req"]["method"] == {"name": "web-download", "uri": web.url("/disk")}
    events = AuditEvent.objects.filter(action="image.import")
    assert events.exists()
    assert not operation.secrets
    for row in (*events.values(), *Operation.objects.values()):
        assert "hidden" not in str(row), "what signs the URL is a secret"


def test_redirects_are_followed_a_few_times(member: Compute, web: WebServer) -> None:
    web.serve("/0", b"data")
    for number in range(1, 7):
        web.redirect(f"/{number}", f"/{number - 1}")
    assert fetch(member, web.url("/5"))["status"] == "active"
    assert "redirects" in reason(member, fetch(member, web.url("/6")))


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:80/",
        "http://localhost:80/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://127.0.0.1:22/",
    ],
)
def test_a_redirect_leads_nowhere_inside(member: Compute, target: str, settings: LazySettings) -> None:
    with web_server.running("127.0.0.9") as server:
        settings.IMPORT_PORTS = frozenset({80, server.port})
        settings.IMPORT_NETWORKS = (ipaddress.ip_network("127.0.0.9/32"),)
        server.redirect("/away", target)
        why = reason(member, fetch(member, server.url("/away")))
    assert server.hits == ["/away"]
    assert re.search(r"not a public one|begins with http|from the ports", why), why


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.org/",
        "ftp://example.org/x",
        "http://",
        "http:///x",
        "//example.org/x",
        "x",
        "http://127.0.0.1/x",
        "http://127.1/x",
        "http://2130706433/x",
        "http://0x7f000001/x",
        "http://0177.0.0.1/x",
        "http://0/x",
        "http://[::1]/x",
        "http://[::]/x",
        "http://[::ffff:10.0.0.1]/x",
        "http://[::ffff:7f00:1]/x",
        "http://[64:ff9b::7f00:1]/x",
        "http://[2002:7f00:1::]/x",
        "http://[fe80::1]/x",
        "http://[fe80::1%25eth0]/x",
        "http://[fd00::1]/x",
        "http://10.0.0.1/x",
        "http://172.16.0.1/x",
        "http://192.168.0.1/x",
        "http://100.64.0.1/x",
        "http://169.254.169.254/latest",
        "http://224.0.0.1/x",
        "http://255.255.255.255/x",
        "http://user@example.org/x",
        "http://user:word@example.org/x",
        "http://example.org:22/x",
        "http://example.org:0/x",
        "http://example.org:99999/x",
        "http://example.org:x/x",
        "http://[::1/x",
        "http://example.org\\@127.0.0.1/x",
        "http://exa mple.org/x",
        "http://example.org/\r\nX: y",
        "http://ⓔxample.org/x",
        "http://１２７.0.0.1/x",
        "http://example.org/" + "x" * 3000,
        5,
        None,
    ],
)
def test_an_address_inside_is_refused_at_once(member: Compute, url: object) -> None:
    key = new(member)["id"]
    begin(member, key, 400, name="web-download", uri=url)
    assert member.get(f"{IMAGES}/{key}")["status"] == "queued"


def test_a_name_that_leads_inside_is_refused_when_it_is_resolved(
    member: Compute, settings: LazySettings
) -> None:
    with web_server.running() as server:
        settings.IMPORT_PORTS = frozenset({server.port})
        url = server.serve("/secret", b"inside").replace("127.0.0.1", "localhost")
        assert "not a public one" in reason(member, fetch(member, url))
        assert server.hits == []


def test_a_name_is_resolved_once_and_its_server_asked_by_it(member: Compute, web: WebServer) -> None:
    web.serve("/disk", b"data")
    assert fetch(member, web.url("/disk", host="localhost"))["status"] == "active"
    assert web.hosts == [f"localhost:{web.port}"]


def test_what_breaks_off_or_is_no_image_leaves_nothing(
    member: Compute, web: WebServer, image_store: Path, disk: bytes, blue: Project
) -> None:
    def short(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "100")
        request.end_headers()
        request.wfile.write(b"half")
        request.close_connection = True

    def missing(request: BaseHTTPRequestHandler) -> None:
        request.send_error(404)

    web.answers |= {"/short": short, "/missing": missing}
    assert "broke off" in reason(member, fetch(member, web.url("/short")))
    assert "404" in reason(member, fetch(member, web.url("/missing")))
    web.serve("/disk", disk)
    assert "declared as raw" in reason(member, fetch(member, web.url("/disk")))
    Quota.objects.create(project=blue, resource="image_size_total", limit=5)
    web.serve("/large", bytes(6 * 2**20))
    assert "quota" in reason(member, fetch(member, web.url("/large")))
    assert not list(image_store.iterdir())
    image = fetch(member, web.url("/disk"), disk_format="qcow2")
    assert image["status"] == "active", "the next import begins anew"


def test_a_server_that_says_nothing_is_given_up(
    member: Compute, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        time.sleep(1)
        request.close_connection = True

    monkeypatch.setattr(web_download, "SILENT_SECONDS", 0.2)
    web.answers["/silent"] = silent
    assert "in time" in reason(member, fetch(member, web.url("/silent")))


def test_a_server_that_is_too_slow_is_given_up(
    member: Compute, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may keep no worker from others' work."""

    def slow(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.close_connection = True
        with suppress(OSError):
            for _tenth in range(100):
                request.wfile.write(b"x")
                time.sleep(0.05)

    monkeypatch.setattr(web_download, "SLOW_SECONDS", 0.3)
    web.answers["/slow"] = slow
    assert "too slow" in reason(member, fetch(member, web.url("/slow")))


@pytest.mark.django_db(transaction=True)
def test_imports_take_turns(member: Compute, web: WebServer, settings: LazySettings) -> None:
    """So that slow ones leave places of a worker to launches."""
    settings.WORKERS = 2

    def meanwhile(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.close_connection = True
        second = run(Operation.objects.latest("created_at"))
        states.append((second.state, second.step, second.attempt))
        connection.close()
        request.wfile.write(b"data")

    states: list[tuple[str, str, int]] = []
    web.answers["/first"] = meanwhile
    first, second = (new(member, disk_format="raw")["id"] for _number in range(2))
    begin(member, first, name="web-download", uri=web.url("/first"))
    begin(member, second, name="web-download", uri=web.serve("/second", b"data"))
    work("image.import")
    assert states == [("running", "fetch", 0)], "waiting is no attempt"
    assert web.hits == ["/first"]
    run(Operation.objects.latest("created_at"))
    for key in (first, second):
        assert member.get(f"{IMAGES}/{key}")["status"] == "active"


def test_data_may_come_in_chunks_of_unknown_length(member: Compute, web: WebServer) -> None:
    def chunked(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for part in (b"some", b"more"):
            request.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        request.wfile.write(b"0\r\n\r\n")

    web.answers["/chunked"] = chunked
    image = fetch(member, web.url("/chunked"))
    assert (image["status"], image["size"]) == ("active", 8)
    assert image["os_hash_value"] == hashlib.sha256(b"somemore").hexdigest()


def test_a_certificate_is_for_the_name_and_trusted(
    member: Compute, settings: LazySettings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("certified")
    certify(folder)
    with web_server.running(certified=folder) as server:
        settings.IMPORT_PORTS = frozenset({server.port})
        settings.IMPORT_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
        server.serve("/disk", b"data")
        image = fetch(member, server.url("/disk", host="localhost"))
        assert "certificate cannot be trusted" in reason(member, image)
        with requests.Session() as session:
            session.mount("https://", web_download._Adapter(is_https_proto=True))
            trusted = str(folder / "server.pem")
            assert session.get(server.url("/disk", host="localhost"), verify=trusted).content == b"data"
            with pytest.raises(requests.exceptions.SSLError):
                session.get(server.url("/disk"), verify=trusted)
    assert server.names[:2] == ["localhost", "localhost"]
    assert server.hits == ["/disk"]


@pytest.mark.django_db(transaction=True)
def test_an_import_can_be_cancelled_and_begun_anew(
    member: Compute, web: WebServer, image_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.close_connection = True
        request.wfile.write(b"more")
        Operation.objects.update(cancel_requested=True)
        connection.close()
        with suppress(OSError):
            for _tenth in range(200):
                request.wfile.write(b"more")
                time.sleep(0.05)

    monkeypatch.setattr(operations.run, "PROGRESS_SECONDS", 0.1)
    web.answers["/endless"] = endless
    key = new(member, disk_format="raw")["id"]
    begin(member, key, name="web-download", uri=web.url("/endless"))
    began = time.monotonic()
    work("image.import")
    assert time.monotonic() - began < 5
    assert Operation.objects.get().state == State.CANCELLED
    row = member.get(f"{IMAGES}/{key}")
    assert row["status"] == "queued"
    assert "os_glance_failed_import" not in row
    assert not list(image_store.iterdir())
    begin(member, key, name="web-download", uri=web.serve("/disk", b"data"))
    work("image.import")
    assert member.get(f"{IMAGES}/{key}")["status"] == "active"


@pytest.mark.django_db(transaction=True)
def test_an_image_can_be_deleted_while_it_is_imported(
    member: Compute, web: WebServer, image_store: Path
) -> None:
    key = new(member, disk_format="raw")["id"]
    begin(member, key, name="web-download", uri=web.serve("/disk", b"data"))
    member.delete(f"{IMAGES}/{key}")
    work()
    assert Image.objects.get(pk=key).status == Image.Status.DELETED
    assert not list(image_store.iterdir())


@pytest.mark.parametrize("place", ["write_part", "finish_part"])
def test_an_import_goes_on_where_its_worker_died(
    member: Compute, web: WebServer, image_store: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Before its last write, or after the file was made and before the row says so."""
    original = getattr(image_files, place)

    def die(*arguments: Any) -> None:
        original(*arguments)
        monkeypatch.setattr(image_files, place, original)
        raise SystemExit

    monkeypatch.setattr(image_files, place, die)
    key = new(member, disk_format="raw")["id"]
    begin(member, key, name="web-download", uri=web.serve("/disk", b"data"))
    with pytest.raises(SystemExit):
        work("image.import")
    assert member.get(f"{IMAGES}/{key}")["status"] == "importing"
    assert run(Operation.objects.get()).state == State.SUCCEEDED
    assert member.get(f"{IMAGES}/{key}")["status"] == "active"
    assert read(member, key) == (200, b"data")
    assert [path.name for path in image_store.iterdir()] == [key]


def test_an_import_that_the_quota_stops_at_last_leaves_nothing(
    member: Compute, web: WebServer, image_store: Path, blue: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_quota, "bytes_left", lambda _image: 2**40)
    Quota.objects.create(project=blue, resource="image_size_total", limit=2)
    web.serve("/disk", bytes(3 * 2**20))
    assert "MiB" in reason(member, fetch(member, web.url("/disk")))
    assert not list(image_store.iterdir())
    assert Image.objects.get().size == 0


def test_staged_data_that_are_gone_are_said_to_be(member: Compute, disk: bytes, image_store: Path) -> None:
    image = new(member)
    assert stage(member, image["id"], disk).status_code == 204
    for part in image_store.iterdir():
        part.unlink()
    begin(member, image["id"])
    work("image.import")
    assert "Send them again" in reason(member, member.get(f"{IMAGES}/{image['id']}"))


def test_staged_data_go_with_their_image(member: Compute, disk: bytes, image_store: Path) -> None:
    key = new(member)["id"]
    assert stage(member, key, disk).status_code == 204
    member.delete(f"{IMAGES}/{key}")
    work()
    assert Image.objects.get(pk=key).status == Image.Status.DELETED
    assert not list(image_store.iterdir())


def test_staged_data_count_and_are_not_kept_for_ever(
    member: Compute, image_store: Path, blue: Project
) -> None:
    Quota.objects.create(project=blue, resource="image_size_total", limit=5)
    key, second = (new(member, disk_format="raw")["id"] for _number in range(2))
    assert stage(member, key, bytes(3 * 2**20)).status_code == 204
    assert stage(member, second, bytes(3 * 2**20)).status_code == 413
    assert len(list(image_store.iterdir())) == 1
    Image.objects.filter(pk=key).update(updated_at=timezone.now() - uploads.UNUSED)
    assert uploads.sweep() == 1
    assert member.get(f"{IMAGES}/{key}")["status"] == "queued"
    assert not list(image_store.iterdir())
    assert stage(member, second, bytes(3 * 2**20)).status_code == 204
    begin(member, second)
    work("image.import")
    assert member.get(f"{IMAGES}/{second}")["size"] == 3 * 2**20


def test_tasks_are_listed_to_administrators(member: Compute, admin: Compute, web: WebServer) -> None:
    url = web.serve("/disk", b"data")
    done, failed = fetch(member, url), fetch(member, url, disk_format="qcow2")
    member.get("/image/v2/tasks", 403)
    tasks = admin.get("/image/v2/tasks")["tasks"]
    assert [task["status"] for task in tasks] == ["failure", "success"]
    costs = set()
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            admin.get("/image/v2/tasks")
        costs.add(len(queries))
        fetch(member, url)
    assert len(costs) == 1
    tasks = admin.get("/image/v2/tasks?sort_key=created_at&sort_dir=asc&limit=2")["tasks"][::-1]
    Operation.objects.exclude(pk__in=[task["id"] for task in tasks]).delete()
    assert [task["status"] for task in admin.get("/image/v2/tasks?status=success")["tasks"]] == ["success"]
    assert admin.get("/image/v2/tasks?type=export")["tasks"] == []
    first = admin.get("/image/v2/tasks?limit=1")
    following = admin.get(f"/image{first['next']}")
    assert {row["id"] for row in (*first["tasks"], *following["tasks"])} == {task["id"] for task in tasks}
    whole = admin.get(f"/image/v2/tasks/{tasks[0]['id']}")
    assert (whole["image_id"], whole["result"]) == (failed["id"], None)
    assert "qcow2" in whole["message"]
    member.get(f"/image/v2/tasks/{tasks[0]['id']}", 403)
    admin.get(f"/image/v2/tasks/{UUID(int=0)}", 404)
    admin.get("/image/v2/tasks/none", 404)
    assert admin.get("/image/v2/schemas/task")["name"] == "task"
    assert member.get("/image/v2/schemas/tasks")["name"] == "tasks"
    assert done["status"] == "active"


def import_new(context: Context, url: str, **more: str) -> Image:
    """An image after it was imported as the page does, or was not."""
    image = imports.import_new(context, {"name": "web"}, url, **more)
    work("image.import")
    image.refresh_from_db()
    return image


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_digest_that_is_given_must_be_that_of_the_data(
    as_alice: Context, web: WebServer, image_store: Path, algorithm: str
) -> None:
    data = b"disk" * 1000
    url, digest = web.serve("/disk.img.gz", gzip.compress(data)), hashlib.new(algorithm)
    digest.update(gzip.compress(data))
    wrong = import_new(as_alice, url, checksum="0" * len(digest.hexdigest()))
    assert (wrong.status, wrong.staged) == ("queued", None)
    assert digest.hexdigest() in str(wrong.fault)
    assert list(image_store.iterdir()) == []
    right = import_new(as_alice, url, checksum=digest.hexdigest().upper())
    assert (right.status, right.disk_format, right.size) == ("active", "raw", len(data))
    for bad in ("0" * 63, "x" * 64, "0" * 129):
        with pytest.raises(BadInput) as caught:
            imports.import_new(as_alice, {"name": "web"}, url, checksum=bad)
        assert "checksum" in caught.value.fields


def test_well_known_images_have_their_makers_digests(
    as_alice: Context, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"a disk of a well-known system"
    web.serve("/pub/SUMS", f"{hashlib.sha512(data).hexdigest()}  disk.img\n".encode())
    entry = replace(
        catalog.CATALOG[0],
        url=web.serve("/pub/disk.img", data),
        checksums_url=web.url("/pub/SUMS"),
        digest="sha512",
    )
    monkeypatch.setattr(catalog, "CATALOG", (entry,))
    assert import_new(as_alice, entry.url, entry=entry.key).status == "active"
    web.serve("/pub/disk.img", b"something else")
    refused = import_new(as_alice, entry.url, entry=entry.key)
    assert refused.status == "queued"
    assert "not what they should be" in str(refused.fault)
    web.serve("/pub/SUMS", b"of other files")
    assert "does not name" in str(import_new(as_alice, entry.url, entry=entry.key).fault)
    with pytest.raises(BadInput):
        imports.import_new(as_alice, {"name": "web"}, entry.url, entry="unknown")
