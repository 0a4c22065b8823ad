"""Imports by the Image API of what the web has: never from inside, never for ever, with digests."""

import gzip
import hashlib
import ipaddress
import re
import time
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests
from django.conf import LazySettings

from accounts.context import Context
from accounts.errors import BadInput
from accounts.models import AuditEvent, Project, Quota
from compute.engine.models import Operation
from compute.images.models import Image
from compute.images.services import catalog, imports, web_download
from tests import web_server
from tests.certificates import certify
from tests.compute.api.compute_calls import Compute
from tests.compute.api.image_calls import IMAGES, begin, fetch, new, reason
from tests.web_server import WebServer
from tests.worker import work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("image_store")]


State = Operation.State


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
