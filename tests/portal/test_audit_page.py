"""The audit log's page and its file: same filters, constant cost, no formulas."""

import csv
import html
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Project, User
from portal import csv_cells

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", '=HYPERLINK("http://x")']


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


def file(client: Client, query: str = "") -> list[dict[str, str]]:
    answer: Any = client.get(f"/audit/audit.csv{query}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    return list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))


def event(**fields: object) -> AuditEvent:
    return AuditEvent.objects.create(**({"action": "instance.start", "outcome": "succeeded"} | fields))


def test_the_page_shows_what_its_address_asks_for(root: User, blue: Project) -> None:
    event(target_name="<b>web</b>", project_id=blue.id, user_name="alice", address="192.0.2.1")
    event(target_name="db", outcome="failed", detail={"error": "no space"})
    event(detail={"error": {"code": "conflictingRequest", "message": "No host fits."}, "tags": ["a", "b"]})
    client = browser_of(root)
    text = client.get("/audit/").content.decode()
    for shown in (
        "&lt;b&gt;web&lt;/b&gt;",
        "db",
        "error: no space",
        "192.0.2.1",
        "blue",
        "error: No host fits. · tags: a, b",
    ):
        assert shown in text
    text = client.get("/audit/?outcome=failed&who=").content.decode()
    assert "&lt;b&gt;web" not in text
    assert '<option value="failed" selected>' in text
    assert 'href="/audit/audit.csv?outcome=failed"' in text
    assert "No entry of the log fits" in client.get("/audit/?who=nobody").content.decode()
    part = client.get("/audit/", headers={"HX-Request": "true", "HX-Target": "audit"}).content.decode()
    assert part.startswith('<div id="audit">')


def test_managers_see_their_project_only(max_: User, alice: User, blue: Project, red: Project) -> None:
    event(target_name="ours", project_id=blue.id)
    event(target_name="theirs", project_id=red.id)
    client = browser_of(max_)
    text = client.get("/audit/").content.decode()
    assert ("ours" in text, "theirs" in text) == (True, False)
    assert [row["target"] for row in file(client)] == ["ours"]
    assert file(client, "?project=red") == []
    assert browser_of(alice).get("/audit/").status_code == 403


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?since=NaN", "From"),
        ("?until=2026-02-30", "To"),
        ("?until=" + "9" * 5000, "To"),
        ("?outcome=fine", "Outcome"),
        ("?who=" + "x" * 256, "User"),
        ("?who=%00", "User"),
    ],
)
def test_wrong_filters_name_their_field(root: User, query: str, field: str) -> None:
    client = browser_of(root)
    answer = client.get(f"/audit/{query}")
    assert answer.status_code == 400
    assert f"{field}: " in answer.content.decode()
    assert client.get(f"/audit/audit.csv{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "?until=9999-12-31",
        "?since=0001-01-01",
        "?before=x",
        "?before=2026-01-01_5",
        "?before=2026-01-01T00:00:00%2B00:00_" + "9" * 18,
        "?before=2026-01-01T00:00:00%2B00:00_" + "9" * 5000,
        "?who=%ED%A0%80",
    ],
)
def test_odd_filters_do_no_harm(root: User, query: str) -> None:
    event()
    assert browser_of(root).get(f"/audit/{query}").status_code == 200


def test_older_pages_follow_each_other(root: User) -> None:
    AuditEvent.objects.bulk_create(
        AuditEvent(action="instance.start", outcome="succeeded", target_name=f"no-{number}.")
        for number in range(120)
    )
    client, address, seen = browser_of(root), "/audit/?action=start", []
    while address:
        answer = client.get(address)
        seen += [row.event.target_name for row in answer.context["rows"]]
        next_ = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
        address = f"/audit/{html.unescape(next_[1])}" if next_ else ""
    assert seen == [f"no-{number}." for number in reversed(range(120))]


def test_ten_thousand_rows_cost_what_ten_do(root: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/audit/").status_code == 200
        return len(captured)

    client = browser_of(root)
    event()
    one = queries()
    AuditEvent.objects.bulk_create(AuditEvent(action="a.b", outcome="succeeded") for _row in range(10_000))
    assert queries() == one <= 12


def test_the_file_is_written_while_it_is_read(root: User) -> None:
    """Parts of at most a thousand rows, never the whole."""
    AuditEvent.objects.bulk_create(AuditEvent(action="a.b", outcome="succeeded") for _row in range(3_500))
    answer: Any = browser_of(root).get("/audit/audit.csv")
    assert answer.streaming
    parts = [part.count(b"\r\n") for part in answer]
    assert parts == [1, 1000, 1000, 1000, 500]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(root: User, text: str) -> None:
    event(target_name=text, user_name=text)
    (row,) = file(browser_of(root))
    assert row["target"] == row["user"] == f"'{text}"


@pytest.mark.parametrize("text", ["web", "a=b", "", "x,y", 'say "x"', "two\nlines", "数据库", "<b>"])
def test_other_cells_are_as_they_were(text: str) -> None:
    assert list(csv.reader(io.StringIO(csv_cells.lines([[text, None]]), newline=""))) == [[text, ""]]


def test_spreadsheets_read_the_file_as_utf_8(root: User) -> None:
    """They take a file without a byte-order mark for one in the system's own encoding."""
    event(target_name="Größe")
    content = b"".join(browser_of(root).get("/audit/audit.csv"))  # type: ignore[arg-type]
    assert content.startswith(b"\xef\xbb\xbftime,")
    assert "Größe".encode() in content
