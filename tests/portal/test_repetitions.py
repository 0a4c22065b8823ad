"""Schedules in words: chosen from a list, kept as cron lines, and read in words again."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.errors import BadInput
from accounts.models import Project, User
from compute.instances.models import Instance, Schedule
from portal import repetitions
from portal.repetitions import Repetition
from tests import factories
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("cron", "repetition", "words"),
    [
        ("0 20 * * *", Repetition(kind="daily", time="20:00"), "every day at 20:00"),
        ("5 7 * * 1-5", Repetition(kind="weekdays", time="07:05"), "Monday to Friday at 07:05"),
        ("30 0 * * 0", Repetition(kind="weekly", time="00:30", day="0"), "every Sunday at 00:30"),
        ("30 0 * * 6", Repetition(kind="weekly", time="00:30", day="6"), "every Saturday at 00:30"),
        ("0 20 1 * *", Repetition(kind="cron"), ""),
        ("*/5 * * * *", Repetition(kind="cron"), ""),
        ("0 20 * * 1,3", Repetition(kind="cron"), ""),
    ],
)
def test_a_line_is_read_and_written_again(cron: str, repetition: Repetition, words: str) -> None:
    assert repetitions.read(cron) == repetition
    assert repetition.words == words
    if words:
        assert repetitions.to_cron(repetition.kind, repetition.time, repetition.day) == cron


@pytest.mark.parametrize(
    ("kind", "time", "day", "field"),
    [
        ("daily", "", "", "time"),
        ("daily", "24:00", "", "time"),
        ("weekly", "20:00", "", "day"),
        ("weekly", "8", "1", "time"),
    ],
)
def test_what_is_no_repetition(kind: str, time: str, day: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        repetitions.to_cron(kind, time, day)
    assert list(refused.value.fields) == [field]


@pytest.fixture
def web(alice: User, blue: Project) -> Instance:
    return factories.InstanceFactory(project=blue, user=alice, name="web")


def post(user: User, web: Instance, **fields: Any) -> Any:
    data = {"verb": "stop", "time_zone": "Europe/Berlin"} | fields
    return signed_in(user).post(reverse("instance-schedule-new", args=[web.pk]), data)


@pytest.mark.parametrize(
    ("fields", "cron"),
    [
        (
            {"repeat": "daily", "time": "20:00", "cron": "left from before", "at": "2040-01-01T00:00"},
            "0 20 * * *",
        ),
        ({"repeat": "weekdays", "time": "07:30", "until": "2040-01-31"}, "30 7 * * 1-5"),
        ({"repeat": "weekly", "time": "07:30", "day": "6"}, "30 7 * * 6"),
        ({"repeat": "cron", "cron": "0 20 1 * *", "time": "07:30"}, "0 20 1 * *"),
        ({"repeat": "once", "at": "2040-01-01T00:00", "cron": "left", "until": "2001-01-01"}, ""),
    ],
)
def test_only_what_was_chosen_counts(alice: User, web: Instance, fields: dict[str, str], cron: str) -> None:
    assert post(alice, web, **fields).status_code == 302
    schedule = Schedule.objects.get()
    assert schedule.cron == cron
    assert (schedule.at is not None) is (fields["repeat"] == "once")
    assert (schedule.until is not None) is ("until" in fields and fields["repeat"] != "once")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"repeat": "daily", "time": "8pm"}, "Give a time like 20:00."),
        ({"repeat": "daily", "time": "20:00", "until": "2001-01-01"}, "It would not run once until then."),
        ({"repeat": "daily", "time": "20:00", "until": "soon"}, "Give a date like 2030-01-31."),
        ({"repeat": "often", "time": "20:00"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_meant_is_said(
    alice: User, web: Instance, fields: dict[str, str], sentence: str
) -> None:
    answer = post(alice, web, **fields)
    assert (answer.status_code, sentence in answer.content.decode()) == (400, True)
    assert not Schedule.objects.exists()


def test_it_is_over_after_its_last_day(alice: User, web: Instance) -> None:
    post(alice, web, repeat="daily", time="20:00", until="2040-01-31")
    page = signed_in(alice).get(reverse("instance", args=[web.pk])).content.decode()
    assert "every day at 20:00, until 2040-01-31" in page
    schedule = Schedule.objects.get()
    assert schedule.until is not None
    edit = (
        signed_in(alice).get(reverse("instance-schedule-edit", args=[web.pk, schedule.pk])).content.decode()
    )
    assert 'value="2040-01-31"' in edit
