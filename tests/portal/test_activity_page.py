"""The history of operations pages by key: every one is shown once, also where several began at the same instant."""

import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Project, User
from compute.engine import kinds
from compute.engine.models import Operation
from portal.activity_entries import subject_url
from tests import factories

COUNT = 70


@pytest.fixture
def browser(root: User) -> Client:
    client = Client()
    client.force_login(root, backend="accounts.authentication.PasswordBackend")
    return client


@pytest.mark.parametrize("address", ["/activity/", "/activity/?all=1", "/instances/{instance}/activity/"])
def test_older_pages_follow_each_other(browser: Client, blue: Project, address: str) -> None:
    instance = factories.InstanceFactory(project=blue)
    rows = factories.OperationFactory.create_batch(COUNT, instance=instance)
    now = timezone.now()
    for number, row in enumerate(rows):
        Operation.objects.filter(pk=row.pk).update(created_at=now + timedelta(seconds=number // 4))
    wanted: str | None = address.format(instance=instance.pk)
    seen: list[str] = []
    while wanted:
        page = browser.get(wanted).content.decode()
        seen += re.findall(r'id="operation-([0-9a-f-]+)"', page)
        assert ('rel="first"' in page) == ("before=" in wanted)
        link = re.search(r'rel="next" href="([^"]+)"', page)
        wanted = wanted.partition("?")[0] + html.unescape(link[1]) if link else None
        assert len(seen) <= COUNT
    moments = dict(Operation.objects.values_list("pk", "created_at"))
    assert sorted(seen) == sorted(str(row.pk) for row in rows)
    shown = [moments[key] for key in sorted(moments, key=lambda key: seen.index(str(key)))]
    assert shown == sorted(shown, reverse=True)


@pytest.mark.parametrize(
    "before", ["", "x", "_", "2026-01-01T00:00:00+00:00_x", "2026-01-01_1", "\0", "9" * 500]
)
def test_what_is_no_key_is_the_first_page(browser: Client, blue: Project, before: str) -> None:
    operation = factories.OperationFactory(instance__project=blue)
    answer = browser.get("/activity/", {"before": before})
    assert str(operation.pk) in answer.content.decode()
    assert browser.get("/audit/", {"before": before}).status_code == 200


@pytest.mark.parametrize("noun", kinds.registered())
def test_every_noun_has_a_page_to_lead_to(noun: str) -> None:
    assert subject_url(noun, uuid4()).startswith("/")
