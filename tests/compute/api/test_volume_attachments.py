"""Attachments by the Block Storage API: who has which volume, told and not changed."""

from typing import Any

import pytest

from accounts.models import Project, User
from compute.volumes.models import Attachment, Volume
from compute.volumes.states import VolumeTask
from tests import factories
from tests.compute.api.volume_calls import NEWEST, BlockStorage, block_storage_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def attachment(blue: Project) -> Attachment:
    return factories.AttachmentFactory(instance__project=blue)


def test_they_are_listed_and_shown(volumes: BlockStorage, attachment: Attachment) -> None:
    (row,) = volumes.get("attachments")["attachments"]
    assert row == {
        "id": str(attachment.pk),
        "status": "attached",
        "instance": str(attachment.instance_id),
        "volume_id": str(attachment.volume_id),
    }
    (detail,) = volumes.get("attachments/detail")["attachments"]
    assert detail == volumes.get(f"attachments/{attachment.pk}")["attachment"]
    assert (detail["attach_mode"], detail["connection_info"]) == ("rw", {})
    Volume.objects.update(read_only=True, task_state=VolumeTask.DETACHING)
    shown = volumes.get(f"attachments/{attachment.pk}")["attachment"]
    assert (shown["status"], shown["attach_mode"]) == ("detaching", "ro")
    volumes.at("3.26").get("attachments", 404)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("volume_id=VOLUME", 1),
        ("instance_id=INSTANCE", 1),
        ("volume_id=INSTANCE", 0),
        ("instance_id=x", 0),
        ("status=attached", 1),
        ("attach_status=attaching", 0),
        ("status=other", 0),
        ("all_tenants=1", 1),
        ("limit=0", 0),
    ],
)
def test_lists_are_narrowed(volumes: BlockStorage, attachment: Attachment, query: str, count: int) -> None:
    ids = {"VOLUME": str(attachment.volume_id), "INSTANCE": str(attachment.instance_id)}
    for name, key in ids.items():
        query = query.replace(name, key)
    assert len(volumes.get(f"attachments?{query}")["attachments"]) == count


def test_administrators_see_all(
    admin_volumes: BlockStorage, attachment: Attachment, red: Project, blue: Project
) -> None:
    other = factories.AttachmentFactory(instance__project=red)
    everywhere = admin_volumes.get("attachments?all_tenants=1")["attachments"]
    assert [row["id"] for row in everywhere] == [str(other.pk), str(attachment.pk)]
    theirs = admin_volumes.get(f"attachments?all_tenants=1&project_id={red.id}")["attachments"]
    assert [row["id"] for row in theirs] == [str(other.pk)]
    assert admin_volumes.get(f"attachments/{other.pk}")["attachment"]["id"] == str(other.pk)


def test_others_see_none(attachment: Attachment, bob: User, red: Project) -> None:
    theirs = block_storage_of(bob, red).at(NEWEST)
    assert theirs.get("attachments")["attachments"] == []
    theirs.get(f"attachments/{attachment.pk}", 404)


@pytest.mark.parametrize("key", ["x", "00000000-0000-4000-8000-000000000000"])
def test_unknown_ones(volumes: BlockStorage, attachment: Attachment, key: str) -> None:
    fault = volumes.get(f"attachments/{key}", 404)
    assert key in str(fault)


def test_what_an_instance_gave_back_is_none(volumes: BlockStorage, attachment: Attachment) -> None:
    Attachment.objects.update(released=True)
    assert volumes.get("attachments")["attachments"] == []


def test_the_compute_api_attaches_and_detaches(volumes: BlockStorage, attachment: Attachment) -> None:
    wish: dict[str, Any] = {"instance_uuid": str(attachment.instance_id), "volume_uuid": "x"}
    assert "Compute API" in str(volumes.post("attachments", {"attachment": wish}, 501))
    assert "using the Compute API" in str(volumes.delete(f"attachments/{attachment.pk}", 409))
    assert Attachment.objects.filter(pk=attachment.pk, released=False).exists()


def test_lists_cost_as_many_queries_with_few_rows_as_with_many(
    volumes: BlockStorage, attachment: Attachment, django_assert_max_num_queries: Any
) -> None:
    volumes.get("attachments/detail")  # reads the token once
    for _round in range(3):
        factories.AttachmentFactory(instance=attachment.instance)
        with django_assert_max_num_queries(2):
            volumes.get("attachments/detail")
