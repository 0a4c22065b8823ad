"""What columns hold comes back as Django's own engine gives it, by column and by function."""

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db.models import F, Max
from django.db.models.functions import Coalesce

from accounts.models.one_of import OneOf
from accounts.openstack.times import microseconds, seconds, without_zone
from compute.instances.models import ServerGroup
from compute.networks.models import Port
from tests import factories

pytestmark = pytest.mark.django_db

MOMENTS = [datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)]


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_times_and_ids(moment: datetime) -> None:
    group = factories.ServerGroupFactory()
    ServerGroup.objects.update(created_at=moment)
    row = ServerGroup.objects.annotate(again=Coalesce(F("created_at"), F("created_at"))).get(pk=group.pk)
    assert (row.pk, row.created_at, row.again) == (group.pk, moment, moment)
    assert (type(row.pk), row.created_at.tzinfo, row.pk.is_safe) == (uuid.UUID, UTC, uuid.UUID(int=0).is_safe)
    assert ServerGroup.objects.aggregate(last=Max("created_at"))["last"] == moment


@pytest.mark.parametrize("address", ["10.0.0.7", "2001:db8:85a3:1234:5678:8a2e:3:7", "fd00::1"])
def test_an_address_is_none_of_the_ids(address: str) -> None:
    """One of them is as long as an id."""
    port = factories.PortFactory()
    Port.objects.update(address=address)
    assert Port.objects.get(pk=port.pk).address == address


def test_one_of() -> None:
    groups = [factories.ServerGroupFactory() for _number in range(3)]
    rows = ServerGroup.objects.filter(OneOf("id", [group.pk for group in groups[:2]]))
    assert set(rows) == set(groups[:2])
    assert not ServerGroup.objects.filter(OneOf("id", []))


def test_openstacks_forms_of_times() -> None:
    exact, whole = MOMENTS
    abroad = exact.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert [seconds(moment) for moment in (exact, abroad)] == ["2026-01-02T03:04:05Z"] * 2
    assert [without_zone(moment) for moment in (exact, abroad)] == ["2026-01-02T03:04:05.000006"] * 2
    assert without_zone(whole) == "2026-01-02T03:04:05.000000"
    assert microseconds(whole) == "2026-01-02T03:04:05.000000Z"
    assert without_zone(None) is None
