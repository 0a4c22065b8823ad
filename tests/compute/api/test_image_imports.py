"""Imports by the Image API: what was staged, as operations that can be watched and cancelled."""

import hashlib
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Project, Quota
from compute.engine import operations
from compute.engine.models import Operation
from compute.images.models import Image
from compute.images.services import image_files, image_quota, uploads
from tests.compute.api.compute_calls import Compute
from tests.compute.api.image_calls import IMAGES, begin, fetch, new, read, reason, send, stage
from tests.web_server import WebServer
from tests.worker import run, work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("image_store")]


State = Operation.State


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
