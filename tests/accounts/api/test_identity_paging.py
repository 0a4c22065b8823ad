"""Lists by the Identity API: pages are cut by the database."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ApplicationCredential, Project, Quota, Region, Role, Service, User
from accounts.services import quotas
from tests import factories
from tests.accounts.api.identity_calls import Api

pytestmark = pytest.mark.django_db

LISTS = ["users", "groups", "projects", "domains", "roles", "regions", "services", "endpoints", "limits"]


def make(number: int) -> None:
    """Make so many of everything, some alike in what lists are sorted by."""
    for each in range(number):
        name = f"{Project.objects.count()}-{each}"
        domain = factories.DomainFactory(id=f"d-{name}", name=f"d-{name}")
        factories.UserFactory(name="same", domain=domain)
        factories.GroupFactory(name="same", domain=domain)
        project = factories.ProjectFactory(name="same", domain=domain)
        Role.objects.create(name=f"role-{name}")
        region = Region.objects.create(id=f"region-{name}")
        service = Service.objects.create(type="same", name="same")
        service.endpoints.create(interface="public", region=region, url="http://192.0.2.1")
        Quota.objects.create(project=project, resource=next(iter(quotas.resources)), limit=1)


def read(api: Api, path: str) -> dict[str, Any]:
    answer = api.get(path)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def walk(api: Api, plural: str, path: str, limit: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    following: str | None = f"{path}?limit={limit}"
    while following:
        body = read(api, following)
        rows += body[plural]
        following = body["links"]["next"]
        following = following and "/identity" + following.partition("/identity")[2]
    return rows


@pytest.mark.parametrize("path", LISTS)
def test_pages_hold_every_row_once(admin: Api, path: str) -> None:
    make(4)
    whole = read(admin, path)[path]
    assert len(whole) >= 4
    for limit in (1, 3, 1000):
        assert walk(admin, path, path, limit) == whole
    for marker in ("nobody", "x%00", "z" * 500):
        assert admin.get(f"{path}?marker={marker}").status_code == 400


def test_pages_of_application_credentials(admin: Api, root: User, blue: Project) -> None:
    for name in "cab":
        ApplicationCredential.objects.create(user=root, project=blue, name=name)
    path = f"users/{root.id}/application_credentials"
    found = walk(admin, "application_credentials", path, 1)
    assert [row["name"] for row in found] == ["a", "b", "c"]


@pytest.mark.parametrize("path", LISTS)
def test_a_page_costs_the_same_in_a_long_list(admin: Api, path: str) -> None:
    """The database reads no more rows than the page has, plus one."""
    counts = []
    for number in (5, 9):
        make(number)
        following = read(admin, f"{path}?limit=2")["links"]["next"]
        with CaptureQueriesContext(connection) as queries:
            read(admin, "/identity" + following.partition("/identity")[2])
        counts.append(len(queries))
        assert len([query for query in queries if query["sql"].endswith("LIMIT 3")]) == 1
    assert counts[0] == counts[1] <= 5
