"""Verbs for many instances that need a word: what the page foretells, and that it comes true."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Project, Quota, User
from compute.engine.models import Operation
from compute.hosts.models import Hypervisor
from compute.instances.models import Flavor, Instance
from compute.instances.states import VmState
from portal.pages.many import FORMS
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def host() -> Hypervisor:
    return factories.HypervisorFactory(vcpus=64, memory_mib=65536, disk_gib=1000)


@pytest.fixture
def two(alice: User, blue: Project, host: Hypervisor) -> list[Instance]:
    return factories.InstanceFactory.create_batch(2, project=blue, user=alice, hypervisor=host, tags=["a"])


@pytest.fixture
def larger() -> Flavor:
    return factories.FlavorFactory(name="larger", vcpus=4, ram_mib=1024, disk_gib=20)


def ids(*chosen: Instance) -> list[str]:
    return [str(one.pk) for one in chosen]


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def url(verb: str) -> str:
    return reverse(f"instances-{verb}")


def question(browser: Client, verb: str, *chosen: Instance) -> dict[str, str | None]:
    return browser.get(f"/instances/actions/{verb}/question/", {"ids": ids(*chosen)}).json()


def test_the_question_names_what_it_is_about(browser: Client, two: list[Instance]) -> None:
    Instance.objects.update(launched_at=timezone.now())
    asked = question(browser, "delete", *two)
    assert asked["title"] == "Delete: 2 instances?"
    names = ", ".join(sorted(instance.name for instance in two))
    assert asked["text"] == f"{names}. For each: It is powered off and kept in the recycle bin."
    assert (asked["yes"], asked["named"]) == ("Delete", None)
    assert question(browser, "delete", two[0])["title"] == "Delete: 1 instance?"


def test_the_question_says_what_really_happens(browser: Client, two: list[Instance]) -> None:
    """What never ran is gone at once, and never in the bin."""
    Instance.objects.filter(pk=two[1].pk).update(launched_at=None)
    text = str(question(browser, "delete", *two)["text"])
    assert "For 1 of them: It is powered off and kept in the recycle bin." in text
    assert "For 1 of them: Its disk is erased. This cannot be undone." in text
    row = browser.get(
        f"/instances/{two[1].pk}/", headers={"HX-Request": "true", "HX-Target": f"menu-{two[1].pk}"}
    )
    assert "Its disk is erased." in text_of_delete(row)


def test_deleting_for_good_wants_a_word_where_there_is_no_bin(
    browser: Client, two: list[Instance], settings: LazySettings
) -> None:
    settings.RECYCLE_HOURS = 0
    assert question(browser, "delete", *two)["named"] == "2"
    menu = {"HX-Request": "true", "HX-Target": f"menu-{two[0].pk}"}
    row = browser.get(f"/instances/{two[0].pk}/", headers=menu)
    assert f'data-name="{two[0].name}"' in text_of_delete(row)


def text_of_delete(answer) -> str:
    content = text(answer)
    return content[content.index("/actions/delete/") :][:600]


def test_what_cannot_be_undone_wants_its_number_typed(browser: Client, two: list[Instance]) -> None:
    Instance.objects.update(vm_state=VmState.SOFT_DELETED)
    asked = question(browser, "purge", *two)
    assert (asked["title"], asked["named"]) == ("Delete for good: 2 instances?", "2")


def test_nothing_is_asked_about_what_is_not_ones_own(browser: Client, two: list[Instance], bob: User) -> None:
    stranger = Client()
    stranger.force_login(bob)
    asked = question(stranger, "delete", *two)
    assert asked["title"] == "Delete: 0 instances?"
    assert two[0].name not in str(asked)
    assert browser.get("/instances/actions/fly/question/", {"ids": ids(*two)}).status_code == 403


def test_the_menu_leads_there_with_the_chosen(browser: Client, two: list[Instance]) -> None:
    menu = text(browser.get("/instances/actions/", {"ids": ids(*two)}))
    for verb in FORMS:
        start = menu.index(f'href="{url(verb)}?')
        assert all(key in menu[start : start + 200] for key in ids(*two))


def test_looking_changes_nothing(browser: Client, two: list[Instance], larger: Flavor) -> None:
    before, audited = list(Instance.objects.values()), AuditEvent.objects.count()
    for verb, given in (
        ("resize", {"flavor_id": larger.pk}),
        ("set_expiry", {}),
        ("set_tags", {"more": "b"}),
    ):
        page = text(browser.get(url(verb), {"ids": ids(*two)} | given))
        assert "What will happen: 2 of 2 change" in page
    assert list(Instance.objects.values()) == before
    assert (Operation.objects.count(), AuditEvent.objects.count()) == (0, audited)


def test_each_has_its_own_reason(browser: Client, two: list[Instance], larger: Flavor, blue: Project) -> None:
    """A quota that lasts for one more refuses the next, what is locked or paused says so, the rest goes on."""
    paused = factories.InstanceFactory(project=blue, vm_state=VmState.PAUSED, name="paused")
    locked = factories.InstanceFactory(project=blue, locked=True, name="locked")
    Quota.objects.create(project=blue, resource="cores", limit=8)
    wish = {"ids": ids(*two, paused, locked), "flavor_id": larger.pk}
    for answer in (browser.get(url("resize"), wish), browser.post(url("resize"), wish)):
        page = text(answer)
        assert "1 of 4" in page
        assert "larger: 4 vCPU · 1 GiB · 20 GiB" in page
        assert "vCPU" in page
        assert "Not possible in the state “Paused”." in page
        assert "It is locked against changes." in page
    (operation,) = Operation.objects.all()
    assert operation.kind == "instance.resize"
    assert Instance.objects.get(pk=operation.subject_id).flavor_id == larger.pk


def test_before_anything_is_chosen_it_says_who_cannot_at_all(browser: Client, blue: Project) -> None:
    paused = factories.InstanceFactory(project=blue, vm_state=VmState.PAUSED)
    page = text(browser.get(url("resize"), {"ids": ids(paused)}))
    assert "Not possible in the state “Paused”." in page
    answer = browser.post(url("resize"), {"ids": ids(paused)})
    assert answer.status_code == 400
    assert "Say first what is to be done." in text(answer)


def test_expiry(browser: Client, two: list[Instance]) -> None:
    first, second = two
    soon = timezone.now() + timedelta(days=1)
    Instance.objects.filter(pk=first.pk).update(expires_at=soon)
    browser.post(url("set_expiry"), {"ids": ids(*two), "how": "days", "days": "7"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.expires_at == soon + timedelta(days=7)
    assert second.expires_at is not None
    answer = browser.post(url("set_expiry"), {"ids": ids(*two), "how": "days", "days": "nonsense"})
    assert "Give a whole number of days" in text(answer)
    empty = browser.post(url("set_expiry"), {"ids": ids(*two), "how": "days", "days": ""})
    assert empty.status_code == 400
    assert Instance.objects.filter(expires_at=None).count() == 0, "no number is not never"
    past = {"ids": ids(*two), "how": "at", "expires_at": "2001-01-01T00:00", "time_zone": "UTC"}
    assert "This time is over already." in text(browser.post(url("set_expiry"), past))
    browser.post(url("set_expiry"), {"ids": ids(*two), "how": "never"})
    assert Instance.objects.filter(expires_at=None).count() == 2


def test_tags(browser: Client, two: list[Instance]) -> None:
    Instance.objects.filter(pk=two[0].pk).update(tags=["a", "own"])
    answer = browser.post(url("set_tags"), {"ids": ids(*two), "more": "web, blue", "without": "a"})
    assert "Done for 2 of 2" in text(answer)
    assert sorted(Instance.objects.values_list("tags", flat=True)) == [
        ["blue", "own", "web"],
        ["blue", "web"],
    ]
    assert "up to 60 characters" in text(browser.post(url("set_tags"), {"ids": ids(*two), "more": "x/y"}))


def test_what_is_foreign_is_not_there(browser: Client, red: Project) -> None:
    foreign = factories.InstanceFactory(project=red, tags=["a"])
    for verb in FORMS:
        assert "No instance is chosen" in text(browser.get(url(verb), {"ids": [*ids(foreign), "nonsense"]}))
    browser.post(url("set_tags"), {"ids": ids(foreign), "without": "a"})
    foreign.refresh_from_db()
    assert foreign.tags == ["a"]


def test_a_reader_is_refused(ruth: User, blue: Project) -> None:
    client = Client()
    client.force_login(ruth)
    row = factories.InstanceFactory(project=blue)
    for verb in FORMS:
        assert client.get(url(verb), {"ids": ids(row)}).status_code == 403
        assert client.post(url(verb), {"ids": ids(row), "more": "x"}).status_code == 403
