"""From a blocked launch to a decision: what the pages offer, ask, show and refuse."""

import html
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, Quota, QuotaRequest, User
from accounts.services import quotas
from tests import factories

ASK = "/quota-requests/ask/"
LIST = "/quota-requests/"


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


@pytest.fixture
def launch(blue: Project) -> dict[str, str]:
    """A launch of two instances with two processors each, of which the project may have one."""
    factories.NetworkFactory()
    Quota.objects.create(project=blue, resource="cores", limit=1)
    flavor = factories.FlavorFactory(name="two", vcpus=2)
    image = factories.ImageFactory()
    return {
        "name": "web",
        "image_id": str(image.pk),
        "flavor_id": flavor.pk,
        "count": "2",
        "key_from": "none",
        "key": "0" * 32,
    }


def test_a_blocked_launch_offers_what_is_missing(alice: User, launch: dict[str, str]) -> None:
    client = browser_of(alice)
    first = client.get("/instances/launch/").content.decode()
    assert f'href="{ASK}?cores=2"' in first, "a size that is disabled"
    for address, status in (("/instances/launch/preview/", 200), ("/instances/launch/", 403)):
        answer = client.post(address, launch)
        assert answer.status_code == status
        text = answer.content.decode()
        assert f'href="{ASK}?cores=4"' in text
        assert "Request 3 vCPUs more" in text
    client.post(ASK, {"cores": "4"})
    waiting = client.post("/instances/launch/preview/", launch).content.decode()
    assert "Request sent. Waiting for an administrator." in waiting
    assert ASK not in waiting


def test_the_form_comes_filled_in_and_as_a_dialog(alice: User) -> None:
    client = browser_of(alice)
    whole = client.get(f"{ASK}?cores=24&ram=60000").content.decode()
    assert 'name="cores"' in whole
    assert 'value="24"' in whole
    assert 'name="gigabytes"' not in whole
    part = client.get(f"{ASK}?cores=24", headers={"HX-Request": "true", "HX-Target": "ask-quota"})
    assert "<html" not in part.content.decode()
    assert 'hx-target="#ask-quota"' in part.content.decode()
    assert 'name="gigabytes"' in client.get(ASK).content.decode()


@pytest.mark.parametrize("value", ["-1", "0", "NaN", "1e999", str(2**63), "9" * 5000, "<b>24</b>"])
def test_wrong_numbers_are_refused_at_their_field(alice: User, value: str) -> None:
    client = browser_of(alice)
    fields = {"cores": value, "ram": "", "reason": "<script>alert(1)</script>"}
    answer = client.post(ASK, fields)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "Give a whole number from 21 to 2147483647." in text
    assert text.count("is-invalid") == 1
    assert "<script>alert" not in text
    part = client.post(ASK, fields, headers={"HX-Request": "true", "HX-Target": "ask-quota"})
    assert (part.status_code, "is-invalid" in part.content.decode()) == (200, True)
    assert not QuotaRequest.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Say of what you need more."),
        ({"cores": "24", "reason": "x" * 501}, "Use at most 500 characters."),
        ({"cores": "24", "reason": "a\u202eb"}, "The character U+202E"),
    ],
)
def test_other_refusals(alice: User, fields: dict[str, str], sentence: str) -> None:
    answer = browser_of(alice).post(ASK, fields)
    assert answer.status_code == 400
    assert sentence in html.unescape(answer.content.decode())


def test_ten_megabytes_are_refused(alice: User) -> None:
    answer = browser_of(alice).post(ASK, {"cores": "24", "reason": "x" * 10_000_000})
    assert answer.status_code in {400, 413}
    assert not QuotaRequest.objects.exists()


def test_asking_approving_and_what_each_sees(alice: User, root: User, blue: Project) -> None:
    asker, administrator = browser_of(alice), browser_of(root)
    assert 'class="rail-badge"' not in asker.get("/").content.decode()
    answer = asker.post(ASK, {"cores": "24", "reason": "a <b>bigger</b> web"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert {"toast", "live:quota", "live:quota-requests"} == set(json.loads(answer.headers["HX-Trigger"]))
    assert "1 waits" in administrator.get("/").content.decode()
    text = administrator.get(LIST).content.decode()
    for shown in ("blue: 4 vCPUs more", "a &lt;b&gt;bigger&lt;/b&gt; web", "0 of 20", "<strong>24</strong>"):
        assert shown in text
    assert "Waiting" in asker.get("/").content.decode()
    request = QuotaRequest.objects.get()
    assert administrator.post(f"{LIST}{request.id}/approve/").status_code == 302
    assert quotas.limits([blue.id])[blue.id]["cores"] == 24
    assert "decided by root" in asker.get("/").content.decode()
    assert "waits" not in administrator.get("/").content.decode()
    late = administrator.post(f"{LIST}{request.id}/refuse/", {"answer": "x"}, headers={"HX-Request": "true"})
    assert late.status_code == 409
    assert "root has approved this request already." in late.headers["HX-Trigger"]


def test_refusing(alice: User, root: User) -> None:
    asker, administrator = browser_of(alice), browser_of(root)
    asker.post(ASK, {"cores": "24"})
    address = f"{LIST}{QuotaRequest.objects.get().id}/refuse/"
    assert administrator.post(address, {"answer": ""}).status_code == 400
    assert administrator.post(address, {"answer": "The host is full."}).status_code == 302
    assert "The host is full." in asker.get("/").content.decode()


def test_forty_requests_cost_as_many_queries_as_one(root: User) -> None:
    client = browser_of(root)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    def ask(count: int) -> None:
        for project in factories.ProjectFactory.create_batch(count):
            for state in ("open", "approved"):
                QuotaRequest.objects.create(
                    project=project, user=root, resource="cores", limit=40, state=state
                )

    ask(1)
    with_one = {address: queries(address) for address in ("/", LIST)}
    ask(39)
    assert {address: queries(address) for address in ("/", LIST)} == with_one
    assert max(with_one.values()) <= 25, with_one


def test_resizing_beyond_the_quota_offers_more_to_whoever_works_in_the_project(
    alice: User, root: User, red: Project, blue: Project
) -> None:
    factories.FlavorFactory(name="huge", vcpus=30)
    for project, client, is_offered in (
        (blue, browser_of(alice), True),
        (red, browser_of(root), False),
    ):
        instance = factories.InstanceFactory(project=project)
        text = client.get(f"/instances/{instance.pk}/actions/resize/").content.decode()
        assert "Not enough quota for vCPUs" in text
        assert (f'href="{ASK}?cores=30"' in text) == is_offered


def test_who_asked_takes_it_back(alice: User, root: User) -> None:
    asker = browser_of(alice)
    asker.post(ASK, {"cores": "24"})
    request = QuotaRequest.objects.get()
    address = f"{LIST}{request.id}/withdraw/"
    assert address in asker.get("/").content.decode()
    answer = asker.post(address, headers={"HX-Request": "true"})
    assert {"toast", "live:quota", "live:quota-requests"} == set(json.loads(answer.headers["HX-Trigger"]))
    assert address not in asker.get("/").content.decode()
    assert "No open requests" in browser_of(root).get(LIST).content.decode()
