"""The mark of the epoch: new with everything that tokens stand on, and with nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Subquery
from django.utils import timezone

from accounts.epochs import IGNORED_COLUMNS, WATCHED
from accounts.models import (
    ApplicationCredential,
    Endpoint,
    EndpointGroup,
    Epoch,
    Project,
    Region,
    Service,
    Token,
    User,
)
from accounts.services import catalog, tokens
from accounts.services.tokens import Scope
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mark() -> Callable[[], str]:
    return lambda: Epoch.objects.get().mark


@pytest.fixture
def rows(blue: Project, alice: User) -> None:
    """At least one of each kind that is watched."""
    catalog.ensure()
    group = factories.GroupFactory()
    group.members.add(alice)
    credential = ApplicationCredential.objects.create(name="key", user=alice, project=blue, secret_hash="x")
    credential.roles.add(factories.RoleFactory(name="reader"))
    tokens.issue(alice, ["password"], Scope(project=blue))
    blue.endpoints.add(Endpoint.objects.first())
    EndpointGroup.objects.create(name="doors").projects.add(blue)


@pytest.mark.parametrize("model", WATCHED, ids=lambda model: model._meta.db_table)
def test_every_way_of_writing_renews_it(model: Any, rows: None, mark: Callable[[], str]) -> None:
    before = mark()
    passed_over = IGNORED_COLUMNS.get(model, ())
    columns = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    column = next((field for field in columns if field.column not in passed_over), model._meta.pk)
    first = model.objects.first()
    model.objects.filter(pk=first.pk).update(**{column.attname: getattr(first, column.attname)})
    updated = mark()
    assert updated != before
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {column.column} = {column.column}")  # noqa: S608
    assert mark() != updated


@pytest.mark.parametrize("model", WATCHED, ids=lambda model: model._meta.db_table)
def test_each_column_renews_it_or_is_passed_over(model: Any, rows: None, mark: Callable[[], str]) -> None:
    passed_over = IGNORED_COLUMNS.get(model, frozenset())
    columns = {field.column for field in model._meta.local_concrete_fields}
    assert passed_over <= columns
    for column in sorted(columns):
        before = mark()
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = {column}")  # noqa: S608
        assert (mark() == before) is (column in passed_over), column


def test_a_theme_and_a_language_leave_it(alice: User, mark: Callable[[], str]) -> None:
    before = mark()
    alice.theme, alice.language, alice.email = "dark", "de", "alice@example.org"
    alice.save(update_fields=["theme", "language", "email"])
    assert mark() == before
    alice.enabled = False
    alice.save(update_fields=["enabled"])
    assert mark() != before


def test_new_and_removed_rows_renew_it(mark: Callable[[], str]) -> None:
    marks = [mark()]
    for change in (
        lambda: Region.objects.bulk_create([Region(pk="far")]),
        lambda: Region.objects.filter(pk="far").delete(),
        lambda: Service.objects.create(type="object-store", name="swift"),
        lambda: factories.RoleFactory().delete(),
    ):
        change()
        marks.append(mark())
    assert len(set(marks)) == len(marks)


def test_signing_in_and_issuing_tokens_leave_it(alice: User, blue: Project, mark: Callable[[], str]) -> None:
    before = mark()
    User.objects.filter(pk=alice.pk).update(last_login=timezone.now())
    issued = tokens.issue(alice, ["password"], Scope(project=blue))
    assert tokens.check(issued.text)
    assert mark() == before


def test_a_known_token_costs_one_query(alice: User, blue: Project, django_assert_num_queries: Any) -> None:
    text = tokens.issue(alice, ["password"], Scope(project=blue)).text
    tokens.check(text)
    with django_assert_num_queries(1):
        valid = tokens.check(text)
    assert valid
    assert set(valid.roles.values()) == {"member", "reader"}
    with django_assert_num_queries(1):
        assert tokens.check("another") is None


def test_the_plain_sql_finds_what_the_orm_would(alice: User, blue: Project) -> None:
    for _token in range(3):
        tokens.issue(alice, ["password"], Scope(project=blue))
    asked = Token.objects.annotate(beside=Subquery(Epoch.objects.values("mark")[:1]))
    found = dict(asked.values_list("digest", "beside"))
    assert len(found) == 3
    for digest in [*found, "", "' OR 1=1 --", "%s", "x" * 64]:
        assert tokens._mark_beside(digest) == found.get(digest)


def test_the_catalog_under_a_mark_is_read_once(
    alice: User, blue: Project, django_assert_num_queries: Any
) -> None:
    catalog.ensure()
    valid = tokens.issue(alice, ["password"], Scope(project=blue)).valid
    known = catalog.token_catalog(valid.token, valid.mark)
    with django_assert_num_queries(0):
        assert catalog.token_catalog(valid.token, valid.mark) == known
    Service.objects.update(enabled=False)
    text = tokens.issue(alice, ["password"], Scope(project=blue)).text
    valid = tokens.check(text)
    assert valid
    assert catalog.token_catalog(valid.token, valid.mark) == []


def test_without_its_row_no_token_counts(alice: User, blue: Project) -> None:
    text = tokens.issue(alice, ["password"], Scope(project=blue)).text
    Epoch.objects.all().delete()
    assert tokens.check(text) is None
