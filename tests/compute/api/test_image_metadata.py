"""`/images/{id}/metadata` of the Compute API, for clients before 2.39."""

import pytest

from accounts.models import AuditEvent, Project, Quota
from compute.images.models import Image
from tests import factories
from tests.compute.api.compute_calls import Compute

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(blue: Project) -> Image:
    return factories.ImageFactory(
        project=blue, visibility="private", properties={"os_version": "12", "team": "a"}
    )


def test_all_of_it(member: Compute, own: Image) -> None:
    path = f"images/{own.pk}/metadata"
    assert member.get(path) == {"metadata": {"os_version": "12", "team": "a"}}
    added = member.post(path, {"metadata": {"team": "b", "stage": "test"}})
    assert added == {"metadata": {"os_version": "12", "team": "b", "stage": "test"}}
    assert member.put(path, {"metadata": {"team": "c"}}) == {"metadata": {"team": "c"}}
    assert Image.objects.get(pk=own.pk).properties == {"team": "c"}
    actions = AuditEvent.objects.filter(target_id=str(own.pk)).values_list("action", flat=True)
    assert list(actions) == ["image.set_metadata"] * 2


def test_one_item(member: Compute, own: Image) -> None:
    path = f"images/{own.pk}/metadata"
    assert member.get(f"{path}/team") == {"meta": {"team": "a"}}
    assert member.put(f"{path}/team", {"meta": {"team": "b"}}) == {"meta": {"team": "b"}}
    member.put(f"{path}/team", {"meta": {"other": "b"}}, 400)
    member.delete(f"{path}/team")
    member.delete(f"{path}/team", 404)
    member.get(f"{path}/team", 404)
    assert Image.objects.get(pk=own.pk).properties == {"os_version": "12"}


@pytest.mark.parametrize(
    "metadata",
    [{"a/b": "1"}, {"a": 1}, {"": "1"}, {"k" * 256: "1"}, {"hw_watchdog_action": "explode"}, "text"],
)
def test_what_is_wrong_changes_nothing(member: Compute, own: Image, metadata: object) -> None:
    member.post(f"images/{own.pk}/metadata", {"metadata": metadata}, 400)
    assert Image.objects.get(pk=own.pk).properties == {"os_version": "12", "team": "a"}


def test_too_much_is_403(member: Compute, own: Image, blue: Project) -> None:
    Quota.objects.create(project=blue, resource="metadata_items", limit=2)
    member.post(f"images/{own.pk}/metadata", {"metadata": {"stage": "test"}}, 403)
    member.post(f"images/{own.pk}/metadata", {"metadata": {"team": "b"}})


def test_who_may(member: Compute, reader: Compute, admin: Compute, own: Image, red: Project) -> None:
    """Members the project's own, administrators public ones; of foreign ones nobody hears."""
    public = factories.ImageFactory(visibility="public")
    foreign = factories.ImageFactory(project=red, visibility="private")
    reader.get(f"images/{own.pk}/metadata")
    reader.post(f"images/{own.pk}/metadata", {"metadata": {"a": "b"}}, 403)
    reader.delete(f"images/{own.pk}/metadata/unknown", 403)
    member.post(f"images/{public.pk}/metadata", {"metadata": {"a": "b"}}, 403)
    admin.post(f"images/{public.pk}/metadata", {"metadata": {"a": "b"}})
    member.get(f"images/{foreign.pk}/metadata", 404)
    member.post(f"images/{foreign.pk}/metadata", {"metadata": {"a": "b"}}, 404)


def test_newer_clients_ask_the_image_api(member: Compute, own: Image) -> None:
    member.at("2.38").get(f"images/{own.pk}/metadata")
    member.at("2.39").get(f"images/{own.pk}/metadata", 404)
