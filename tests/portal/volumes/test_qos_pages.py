"""Pages of QoS specs, and the volume types that have them."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Project
from compute.volumes.models import QosSpecs, VolumeType
from tests import factories
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(blue: Project) -> Client:
    return signed_in(factories.administrator("root", blue))


def test_an_empty_list_says_what_to_do(root: Client) -> None:
    content = root.get(reverse("volume-type-qos")).content.decode()
    assert "No limits yet" in content
    assert content.count(reverse("volume-type-qos-new")) >= 2


def test_limits_are_made_given_to_a_type_and_deleted(root: Client) -> None:
    fields = {"name": "slow", "consumer": "front-end", "specs": "total_iops_sec=many"}
    refused = root.post(reverse("volume-type-qos-new"), fields)
    assert refused.status_code == 400
    assert "Give a whole number" in refused.content.decode()
    assert "total_iops_sec=many" in refused.content.decode()
    root.post(reverse("volume-type-qos-new"), fields | {"specs": "total_iops_sec=500\nvendor=x"})
    row = QosSpecs.objects.get()
    assert row.specs == {"total_iops_sec": "500", "vendor": "x"}

    named = {"name": "gold", "public": "on"}
    root.post(reverse("volume-type-new"), named | {"qos_specs": str(row.pk)})
    gold = VolumeType.objects.get(name="gold")
    assert gold.qos_specs == row
    content = root.get(reverse("volume-type-qos")).content.decode()
    assert "gold" in content
    assert reverse("volume-type-qos-delete", args=[row.pk]) not in content
    assert (
        f'value="{row.pk}" selected' in root.get(reverse("volume-type-edit", args=[gold.pk])).content.decode()
    )
    assert root.post(reverse("volume-type-qos-delete", args=[row.pk])).status_code == 400

    root.post(reverse("volume-type-qos-edit", args=[row.pk]), {"specs": "read_iops_sec=9"})
    row.refresh_from_db()
    assert row.specs == {"read_iops_sec": "9"}
    root.post(reverse("volume-type-edit", args=[gold.pk]), named | {"qos_specs": ""})
    gold.refresh_from_db()
    assert gold.qos_specs is None
    assert root.post(reverse("volume-type-qos-delete", args=[row.pk])).status_code == 302
    assert not QosSpecs.objects.exists()
