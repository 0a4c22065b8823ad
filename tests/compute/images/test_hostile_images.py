"""Hostile images are refused with their reason on every way in, and show no file of the host."""

import ipaddress
import re
from pathlib import Path

import pytest
from django.conf import LazySettings

from accounts.models import Project, User
from compute.images.models import Image
from tests import web_server
from tests.compute.api.compute_calls import Compute, compute_of
from tests.compute.api.image_calls import IMAGES, new, send
from tests.compute.images.hostile_images import CANARY, HOSTILE
from tests.proof import examples
from tests.worker import work

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]

BOMBS = {name for name in HOSTILE if "bomb" in name}
EACH_RUN = set(HOSTILE) - BOMBS


@pytest.fixture
def member(alice: User, blue: Project) -> Compute:
    return compute_of(alice, blue)


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the host that no image may show."""
    path = tmp_path_factory.mktemp("host") / "canary"
    path.write_text(CANARY * 1000)
    return path


def upload(member: Compute, image: str, data: bytes, _settings: LazySettings) -> str:
    answer = send(member, image, data)
    assert answer.status_code == 400
    return str(answer.content.decode())


def staged(member: Compute, image: str, data: bytes, _settings: LazySettings) -> str:
    assert send(member, image, data, to="stage").status_code == 204
    member.post(f"{IMAGES}/{image}/import", {"method": {"name": "glance-direct"}}, 202)
    return imported(member, image)


def from_the_web(member: Compute, image: str, data: bytes, settings: LazySettings) -> str:
    with web_server.running() as server:
        settings.IMPORT_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)
        settings.IMPORT_PORTS = frozenset({server.port})
        method = {"name": "web-download", "uri": server.serve("/image", data)}
        member.post(f"{IMAGES}/{image}/import", {"method": method}, 202)
        return imported(member, image)


def imported(member: Compute, image: str) -> str:
    work("image.import")
    assert member.get(f"{IMAGES}/{image}")["os_glance_failed_import"]
    (task,) = member.get(f"{IMAGES}/{image}/tasks")["tasks"]
    return str(task["message"])


WAYS = {"upload": upload, "staged": staged, "from the web": from_the_web}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", examples(HOSTILE, *sorted(EACH_RUN)))
def test_a_hostile_image_is_refused(
    member: Compute,
    folder: Path,
    canary: Path,
    settings: LazySettings,
    name: str,
    way: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    hostile = HOSTILE[name]
    data = hostile.make(tmp_path_factory.mktemp("hostile"), canary)
    key = new(member, disk_format=hostile.disk, container_format=hostile.container)["id"]
    reason = WAYS[way](member, key, data, settings)
    assert re.search(hostile.reason, reason), reason
    shown = member.get(f"{IMAGES}/{key}")
    assert shown["status"] == "queued"
    assert CANARY not in f"{reason} {shown}"
    assert not list(folder.iterdir()), "nothing of it stays"
    assert Image.objects.get(pk=key).size == 0
