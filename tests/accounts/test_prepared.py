"""Queries that are built once: each value counts, again and again."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.prepared import Prepared
from tests import factories

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
