"""Usage by project and day: what is counted, plotted and downloaded."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.context import Context
from accounts.errors import Forbidden
from accounts.models import Project, User
from compute.instances.services import usage_report
from tests import factories
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def past(blue: Project, red: Project) -> None:
    """Blue had 2 vCPUs from noon of the first to noon of the second; red 1 vCPU on the third."""
    rows: list[dict[str, Any]] = [
        {"project": blue, "flavor__vcpus": 2, "days": (1, 2)},
        {"project": red, "flavor__vcpus": 1, "days": (3, 4)},
    ]
    for row in rows:
        first, last = row.pop("days")
        factories.InstanceFactory(
            **row,
            flavor__ram_mib=1024,
            vm_state="deleted",
            launched_at=datetime(2026, 1, first, 12, tzinfo=UTC),
            deleted_at=datetime(2026, 1, last, 12, tzinfo=UTC),
        )


@pytest.mark.usefixtures("past")
def test_hours_fall_on_their_days(as_root: Context, blue: Project, red: Project) -> None:
    usage = usage_report.daily(as_root, date(2026, 1, 1), date(2026, 1, 3))
    assert [day.vcpu_hours for day in usage[blue.id]] == [24, 24, 0]
    assert [day.hours for day in usage[red.id]] == [0, 0, 12]
    assert usage[blue.id][0].gib_of_memory_hours == 12


def test_it_is_for_administrators(as_alice: Context) -> None:
    with pytest.raises(Forbidden):
        usage_report.daily(as_alice, date(2026, 1, 1), date(2026, 1, 1))


@pytest.mark.usefixtures("past")
def test_the_page_shows_the_greatest_first(root: User) -> None:
    page = signed_in(root).get("/usage/?since=2026-01-01&until=2026-01-03").content.decode()
    assert page.index(">blue</a>") < page.index(">red</a>") < page.index("Total")
    assert page.count("plot-bar") == 3
    assert "2026-01-03: 12.0" in page
    assert 'value="2026-01-01"' in page
    assert "usage.csv?since=2026-01-01&amp;until=2026-01-03" in page


@pytest.mark.usefixtures("past")
def test_the_file_has_a_line_for_each_project_and_day(root: User, blue: Project) -> None:
    answer = signed_in(root).get("/usage/usage.csv?since=2026-01-01&until=2026-01-31")
    content = answer.content.decode()
    assert content.startswith("\ufeff"), "or spreadsheets take it for another encoding"
    lines = content.removeprefix("\ufeff").splitlines()
    assert len(lines) == 1 + 4
    assert lines[1].startswith(f"2026-01-01,blue,{blue.id},12.000,24.000,12288.000,")
    assert answer["Content-Disposition"] == 'attachment; filename="usage.csv"'


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=2026-01-02&until=2026-01-01", "From: The start must be before the end."),
        ("since=2020-01-01&until=2026-01-01", "From: Choose at most 366 days."),
        ("since=soon", "From: Enter a valid date."),
    ],
)
def test_days_that_are_none(root: User, query: str, sentence: str) -> None:
    answer = signed_in(root).get(f"/usage/?{query}")
    assert (answer.status_code, sentence in answer.content.decode()) == (400, True)
    assert signed_in(root).get(f"/usage/usage.csv?{query}").status_code == 400


def test_nothing_was_used(root: User) -> None:
    page = signed_in(root).get("/usage/").content.decode()
    assert "Nothing was used" in page
    assert page.count('type="date" name="') == 2
    assert 'value="20' in page, "the days that are meant"


@pytest.mark.usefixtures("past")
def test_many_projects_cost_as_many_queries_as_one(root: User, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, path = signed_in(root), "/usage/?since=2026-01-01&until=2026-01-03"
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    for _number in range(5):
        factories.InstanceFactory(
            project=factories.ProjectFactory(),
            launched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
    with django_assert_num_queries(len(captured)):
        client.get(path)
