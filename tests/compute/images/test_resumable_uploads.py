"""Images in the pieces of the tus protocol: what broke off goes on, what is wrong is refused, what is complete is let in."""

import base64
import gzip
import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Project, Quota, User
from compute.images.models import Image
from compute.images.services import image_files, uploads
from compute.images.services.image_files import image_store
from compute.store import PIECE_BYTES
from tests import factories
from tests.compute.api.compute_calls import compute_of
from tests.compute.api.image_calls import IMAGES, made
from tests.worker import work

pytestmark = pytest.mark.django_db
Status = Image.Status
UPLOADS = "/images/uploads/"
TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}
DISK = b"begin" + bytes(PIECE_BYTES) + b"end"
"""A raw disk in two pieces."""


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


@pytest.fixture
def browser(alice: User, blue: Project) -> Client:
    """A member's."""
    return browser_of(alice)


def begin(browser: Client, length: object, **fields: str) -> Any:
    pairs = [f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in fields.items()]
    headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": ",".join(pairs)}
    return browser.post(UPLOADS, headers=headers)


def begun(browser: Client, length: int, **fields: str) -> str:
    answer = begin(browser, length, **({"name": "own"} | fields))
    assert answer.status_code == 201, answer.content
    return str(answer["Location"])


def patch(browser: Client, address: str, offset: object, data: bytes) -> Any:
    headers = TUS | {"Upload-Offset": str(offset)}
    return browser.patch(address, data, "application/offset+octet-stream", headers=headers)


def send(browser: Client, data: bytes, **fields: str) -> Image:
    """Send all data, and let the import run."""
    address = begun(browser, len(data), **fields)
    for offset in range(0, len(data), PIECE_BYTES):
        answer = patch(browser, address, offset, data[offset : offset + PIECE_BYTES])
        assert answer.status_code == 204, answer.content
    assert answer["Upload-Offset"] == str(len(data))
    work("image.import")
    return image_at(address)


def image_at(address: str) -> Image:
    return Image.objects.get(pk=address.split("/")[-2])


def test_a_disk_in_two_pieces_becomes_an_image(browser: Client, store: str, alice: User) -> None:
    address = begun(browser, len(DISK), name="own", description="two", os_admin_user="ann", min_disk="1")
    assert browser.head(address, headers=TUS)["Upload-Offset"] == "0"
    assert patch(browser, address, 0, DISK[:PIECE_BYTES])["Upload-Offset"] == str(PIECE_BYTES)
    # Another browser of the same person asks where to go on.
    other = browser_of(alice)
    state = other.head(address, headers=TUS)
    assert (state["Upload-Offset"], state["Upload-Length"]) == (str(PIECE_BYTES), str(len(DISK)))
    assert image_files.stored_ids() == set()
    assert patch(other, address, PIECE_BYTES, DISK[PIECE_BYTES:]).status_code == 204
    work("image.import")
    image = image_at(address)
    assert (image.status, image.disk_format, image.container_format) == (Status.ACTIVE, "raw", "bare")
    assert (image.size, image.checksum) == (len(DISK), hashlib.sha256(DISK).hexdigest())
    assert (image.description, image.default_user, image.min_disk_gib) == ("two", "ann", 1)
    assert (image.visibility, image.staged) == ("private", None)
    assert image_store().read_from(str(image.pk), 0, 4).read(5) == b"begin"
    assert browser.head(address, headers=TUS).status_code == 404


@pytest.mark.usefixtures("folder")
def test_the_format_is_told_from_the_data(browser: Client, tmp_path: Path) -> None:
    disk = made(tmp_path / "disk", "qcow2")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        entry = tarfile.TarInfo("disk.qcow2")
        entry.size = len(disk)
        tar.addfile(entry, io.BytesIO(disk))
    for data in (disk, gzip.compress(disk), archive.getvalue()):
        image = send(browser, data)
        assert (image.status, image.fault) == (Status.ACTIVE, None)
        assert (image.disk_format, image.container_format) == ("qcow2", "bare")
        assert (image.size, image.checksum) == (len(disk), hashlib.sha256(disk).hexdigest())


def test_what_the_gate_refuses_can_be_sent_anew(browser: Client, store: str, tmp_path: Path) -> None:
    hostile = made(tmp_path / "disk", "qcow2", "-b", "/etc/passwd", "-F", "raw")
    image = send(browser, hostile)
    assert (image.status, image.staged, image.size) == (Status.QUEUED, None, 0)
    assert "not safe" in str(image.fault)
    assert image_files.stored_ids() == set()
    again = begin(browser, 4, image=str(image.pk))
    assert patch(browser, again["Location"], 0, b"disk").status_code == 204
    work("image.import")
    image.refresh_from_db()
    assert (image.status, image.size, image.fault) == (Status.ACTIVE, 4, None)


@pytest.mark.usefixtures("folder")
def test_a_piece_that_does_not_fit_changes_nothing(browser: Client) -> None:
    address = begun(browser, len(DISK))
    for offset, data, status in (
        (PIECE_BYTES, DISK[PIECE_BYTES:], 409),
        (0, DISK[:100], 400),
        ("x", DISK[:PIECE_BYTES], 400),
        ("-1", DISK[:PIECE_BYTES], 400),
        ("9" * 30, DISK[:PIECE_BYTES], 400),
    ):
        answer = patch(browser, address, offset, data)
        assert answer.status_code == status, answer.content
        assert answer["Tus-Resumable"] == "1.0.0"
    wrong_type = browser.patch(address, b"x", "text/plain", headers=TUS | {"Upload-Offset": "0"})
    assert wrong_type.status_code == 415
    assert browser.head(address, headers=TUS)["Upload-Offset"] == "0"
    assert patch(browser, address, 0, DISK[:PIECE_BYTES]).status_code == 204
    # Sent once more, because the answer was lost: the right place is said.
    assert patch(browser, address, 0, DISK[:PIECE_BYTES]).status_code == 409
    assert patch(browser, address, PIECE_BYTES, DISK[PIECE_BYTES:] + b"more").status_code == 400


@pytest.mark.usefixtures("folder")
def test_bad_beginnings_make_no_image(browser: Client, blue: Project) -> None:
    for length, fields in (
        ("", {}),
        ("0", {}),
        ("-1", {}),
        ("1.5", {}),
        ("9" * 18, {}),
        ("5", {"disk_format": "docx"}),
        ("5", {"min_disk": "many"}),
        ("5", {"visibility": "everyone"}),
        ("5", {"name": "a\u202eb"}),
    ):
        assert begin(browser, length, **fields).status_code in {400, 403}, (length, fields)
    assert browser.post(UPLOADS, headers=TUS | {"Upload-Metadata": "name *"}).status_code == 400
    assert begin(browser, 5, visibility="public").status_code == 403
    Quota.objects.create(project=blue, resource="image_size_total", limit=1)
    assert begin(browser, 2**21).status_code == 403
    Quota.objects.create(project=blue, resource="image_count_total", limit=0)
    assert begin(browser, 5).status_code == 403
    assert not Image.objects.exists()


@pytest.mark.usefixtures("folder")
def test_the_version_is_agreed_upon(browser: Client) -> None:
    offered = browser.options(UPLOADS)
    assert (offered["Tus-Version"], offered["Tus-Extension"]) == ("1.0.0", "creation,termination")
    refused = browser.post(UPLOADS, headers={"Tus-Resumable": "0.2.2", "Upload-Length": "5"})
    assert (refused.status_code, refused["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.usefixtures("folder")
def test_an_upload_is_its_projects_own(browser: Client, bob: User, blue: Project) -> None:
    address = begun(browser, len(DISK))
    other = browser_of(bob)
    assert other.head(address, headers=TUS).status_code == 404
    assert patch(other, address, 0, DISK[:PIECE_BYTES]).status_code == 404
    assert other.delete(address, headers=TUS).status_code == 404
    assert begin(other, 5, image=address.split("/")[-2]).status_code == 404
    reader = browser_of(factories.with_role("ruth", "reader", blue))
    assert begin(reader, 5).status_code == 403
    assert patch(reader, address, 0, DISK[:PIECE_BYTES]).status_code == 403


@pytest.mark.usefixtures("folder")
def test_the_api_and_the_browser_keep_out_of_each_others_way(
    browser: Client, alice: User, blue: Project
) -> None:
    api = compute_of(alice, blue)
    address = begun(browser, len(DISK), disk_format="raw")
    key = address.split("/")[-2]
    assert api.get(f"{IMAGES}/{key}")["status"] == "uploading"
    api.post(f"{IMAGES}/{key}/import", {"method": {"name": "glance-direct"}}, 400)
    api.post(f"{IMAGES}/{key}/import", {"method": {"name": "upload"}}, 400)
    assert begin(browser, 5, image=key).status_code == 409


def test_cancelling_leaves_nothing(browser: Client, store: str) -> None:
    address = begun(browser, len(DISK))
    patch(browser, address, 0, DISK[:PIECE_BYTES])
    assert browser.delete(address, headers=TUS).status_code == 204
    work("image.delete")
    assert image_at(address).status == Status.DELETED
    assert patch(browser, address, PIECE_BYTES, DISK[PIECE_BYTES:]).status_code == 404


def test_what_nobody_continues_is_given_up_after_a_day(browser: Client, store: str) -> None:
    address = begun(browser, len(DISK))
    patch(browser, address, 0, DISK[:PIECE_BYTES])
    image = image_at(address)
    assert uploads.sweep() == 0
    Image.objects.filter(pk=image.pk).update(updated_at=image.updated_at - 2 * uploads.UNUSED)
    assert uploads.sweep() == 1
    image.refresh_from_db()
    assert (image.status, image.size) == (Status.QUEUED, 0)
    assert patch(browser, address, PIECE_BYTES, DISK[PIECE_BYTES:]).status_code == 404


@pytest.mark.usefixtures("folder")
def test_data_that_vanished_are_said_to_be_gone(browser: Client) -> None:
    address = begun(browser, len(DISK))
    image_store().delete(str(image_at(address).pk))
    assert patch(browser, address, 0, DISK[:PIECE_BYTES]).status_code == 404
    assert browser.head(f"{UPLOADS}{uuid4()}/", headers=TUS).status_code == 404


@pytest.mark.usefixtures("folder")
def test_pages_show_how_far_it_is(browser: Client) -> None:
    address = begun(browser, len(DISK), name="mine")
    patch(browser, address, 0, DISK[:PIECE_BYTES])
    page = browser.get("/images/").content.decode()
    assert f'max="{len(DISK)}"' in page
    key = address.split("/")[-2]
    assert f"/images/new/?image={key}" in page
    rest = browser.get(f"/images/new/?image={key}").content.decode()
    assert f'data-received="{PIECE_BYTES}"' in rest
    assert f'data-address="{address}"' in rest
    patch(browser, address, PIECE_BYTES, DISK[PIECE_BYTES:])
    work("image.import")
    assert browser.get(f"/images/new/?image={key}").status_code == 409
