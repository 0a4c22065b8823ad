"""Calls of the Image API that carry data, or a type of their own."""

import json
import subprocess
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.compute.api.compute_calls import Compute
from tests.worker import work

IMAGES = "/image/v2/images"
V2_1 = "application/openstack-images-v2.1-json-patch"
V2_0 = "application/openstack-images-v2.0-json-patch"


def made(path: Path, form: str, *options: str) -> bytes:
    subprocess.run(["qemu-img", "create", "-f", form, *options, path, "1M"], check=True, capture_output=True)
    return path.read_bytes()


def new(member: Compute, **fields: Any) -> dict[str, Any]:
    body = {"name": "mine", "disk_format": "qcow2", "container_format": "bare"} | fields
    answer: dict[str, Any] = member.post(IMAGES, body, 201)
    return answer


def send(member: Compute, key: str, data: bytes, to: str = "file", **headers: str) -> HttpResponse:
    return Client().generic(
        "PUT",
        f"{IMAGES}/{key}/{to}",
        data,
        content_type=headers.pop("content_type", "application/octet-stream"),
        headers={"X-Auth-Token": str(member.token)} | headers,
    )


def read(member: Compute, key: str, **headers: str) -> tuple[int, bytes]:
    answer = Client().get(f"{IMAGES}/{key}/file", headers={"X-Auth-Token": str(member.token)} | headers)
    data: bytes = answer.getvalue() if answer.streaming else answer.content
    return answer.status_code, data


def patch(member: Compute, key: str, changes: Any, status: int = 200, form: str = V2_1) -> dict[str, Any]:
    answer = Client().generic(
        "PATCH",
        f"{IMAGES}/{key}",
        json.dumps(changes).encode(),
        content_type=form,
        headers={"X-Auth-Token": str(member.token)},
    )
    assert answer.status_code == status, answer.content.decode()
    body: dict[str, Any] = json.loads(answer.content)
    return body


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
