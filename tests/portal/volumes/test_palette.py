"""Volumes in the command palette."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Project
from tests import factories

pytestmark = pytest.mark.django_db


def items(client: Client, query: str) -> list[dict[str, Any]]:
    return list(client.get(reverse("palette"), {"q": query}).json()["items"])


def test_volumes_and_their_actions(browser: Client, blue: Project) -> None:
    volume = factories.VolumeFactory(project=blue, name="data-otter")
    offered = {item["label"]: item for item in items(browser, "otter")}
    assert offered["data-otter"]["url"] == f"/volumes/{volume.pk}/"
    assert offered["Attach data-otter"]["url"] == f"/volumes/{volume.pk}/actions/attach/"
    assert "Delete data-otter" not in offered
    assert [item["label"] for item in items(browser, "attach otter")] == ["Attach data-otter"]


def test_pages(browser: Client) -> None:
    assert "Create volume" in [item["label"] for item in items(browser, "create vol")]
    assert "Volumes" in [item["label"] for item in items(browser, "volumes")]
