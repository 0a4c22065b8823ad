"""Queries that are built once: each value counts, again and again."""

import pytest
from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.prepared import Prepared
from tests import factories
from tests.codes import give_second_factor

pytestmark = pytest.mark.django_db


def test_it_finds_what_the_values_say() -> None:
    ann, ben = factories.UserFactory(name="ann"), factories.UserFactory(name="<ben>")
    built = []

    def build(name: str, domain: str):
        built.append(name)
        return User.objects.filter(name=name, domain=domain, enabled=True).values_list("id", "name")

    query = Prepared(build)
    with CaptureQueriesContext(connection) as queries:
        assert query.rows(name="ann", domain="default") == [(ann.id, "ann")]
        assert query.rows(name="<ben>", domain="default") == [(ben.id, "<ben>")]
        assert query.rows(name="ann", domain="other") == []
        assert query.rows(name="ann' or 1=1 --", domain="default") == []
    assert (len(built), len(queries)) == (1, 4)


def test_objects_are_what_the_orm_makes_of_them() -> None:
    """Types of columns, what is joined, also where there is nothing to join, and annotations."""
    ann, ben = factories.UserFactory(name="ann", enabled=False), factories.UserFactory(name="ben")
    give_second_factor(ann)

    def build(name: str) -> QuerySet[User, User]:
        rows = User.objects.select_related("domain", "second_factor").filter(name=name)
        return rows.annotate(twice=Concat("name", Value("-"), "name"))

    query = Prepared(build)
    with CaptureQueriesContext(connection) as queries:
        for known in (ann, ben):
            (found,) = query.objects(name=known.name)
            same = build(known.name).get()
            for field in User._meta.concrete_fields:
                assert getattr(found, field.attname) == getattr(same, field.attname)
            assert (found.domain, found.domain.enabled) == (same.domain, True)
            assert (found.twice, hasattr(found, "second_factor")) == (same.twice, known == ann)
        assert not list(query.objects(name="<name>"))
    assert len(queries) == 5
