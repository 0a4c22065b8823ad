"""The snapshots of an instance: a tree that is drawn in a constant number of queries, and what its buttons do."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Project, User
from compute.engine.models import Operation
from compute.instances.models import Instance, InstanceSnapshot
from tests import factories
from tests.portal.directory.pages import HTMX, post, queries, said, text
from tests.portal.test_routes import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def web(blue: Project, alice: User) -> Instance:
    instance = factories.InstanceFactory(project=blue, user=alice, name="web")
    factories.DiskFactory(instance=instance)
    return instance


def tree(instance: Instance) -> str:
    return reverse("instance-snapshots", args=[instance.pk])


def test_without_any_it_says_what_they_are_for(browser: Client, web: Instance) -> None:
    page = text(browser.get(tree(web)))
    assert "No snapshots yet" in page
    assert "also while the guest writes on" in page
    assert "Take a snapshot" in page


def test_each_stands_below_the_one_it_was_taken_on(browser: Client, web: Instance) -> None:
    first = factories.InstanceSnapshotFactory(instance=web, name="first")
    factories.InstanceSnapshotFactory(instance=web, name="second")
    Instance.objects.update(current_snapshot=first)
    web.refresh_from_db()
    factories.InstanceSnapshotFactory(instance=web, name="other")
    page = text(browser.get(tree(web)))
    assert page.index("> first") < page.index("> second") < page.index("> other")
    (current,) = [row for row in page.split("<tr ") if row.split(">")[0].endswith('aria-current="true"')]
    assert "other" in current
    assert "after “first”" in current
    assert page.count('class="twig"') == 2


def test_a_long_tree_costs_as_many_queries_as_a_short_one(browser: Client, web: Instance) -> None:
    for _each in range(2):
        factories.InstanceSnapshotFactory(instance=web)
    short = queries(browser, tree(web))
    for _each in range(20):
        factories.InstanceSnapshotFactory(instance=web)
    assert queries(browser, tree(web)) == short


def test_taking_one(browser: Client, web: Instance) -> None:
    answer = post(browser, reverse("instance-snapshot-create", args=[web.pk]), name=" before the upgrade ")
    assert said(answer) == "Taking the snapshot"
    (row,) = InstanceSnapshot.objects.all()
    assert (row.name, row.has_memory) == ("before the upgrade", False)
    (operation,) = Operation.objects.all()
    assert (operation.kind, operation.parameters["snapshot"]) == ("instance.take_snapshot", str(row.pk))
    page = text(browser.get(tree(web), headers=HTMX))
    assert "Being taken" in page or "Taking" in page
    assert "/revert/" not in page, "it is not there yet"


def test_going_back_is_asked_first(browser: Client, web: Instance) -> None:
    snapshot = factories.InstanceSnapshotFactory(instance=web, name="first")
    address = reverse("instance-action", args=[web.pk, "revert"])
    assert f"{address}?snapshot={snapshot.pk}" in text(browser.get(tree(web)))
    form = text(browser.get(f"{address}?snapshot={snapshot.pk}"))
    assert f'value="{snapshot.pk}" checked' in form or "checked" in form
    assert "Keep what it has now as a snapshot" in form
    assert "powered off" in form
    refusal = browser.post(address, {"snapshot": "x"}, headers=HTMX)
    assert refusal.status_code == 400
    assert "could not be found" in refusal.content.decode()
    post(browser, address, snapshot=str(snapshot.pk))  # nothing is ticked
    (operation,) = Operation.objects.all()
    assert "kept" not in operation.parameters


def test_renaming_and_deleting(browser: Client, web: Instance) -> None:
    snapshot = factories.InstanceSnapshotFactory(instance=web, name="first")
    edit = reverse("instance-snapshot-edit", args=[web.pk, snapshot.pk])
    assert 'value="first"' in text(browser.get(edit))
    assert browser.post(edit, {"name": " "}).status_code == 400
    assert browser.post(edit, {"name": "initial"}, headers=HTMX).status_code in {200, 204, 302}
    assert "initial" in text(browser.get(tree(web)))
    answer = post(browser, reverse("instance-snapshot-delete", args=[web.pk, snapshot.pk]))
    assert "initial" in said(answer)
    assert Operation.objects.get().kind == "instance_snapshot.delete"


def test_a_snapshot_of_another_instance_is_not_its_own(browser: Client, web: Instance) -> None:
    other = factories.InstanceSnapshotFactory(instance__project=web.project)
    for route in ("instance-snapshot-edit", "instance-snapshot-delete"):
        assert browser.post(reverse(route, args=[web.pk, other.pk]), {"name": "x"}).status_code == 404
    assert not Operation.objects.exists()


def test_a_reader_sees_them_and_nothing_to_press(ruth: User, web: Instance) -> None:
    factories.InstanceSnapshotFactory(instance=web, name="first")
    page = text(signed_in(ruth).get(tree(web)))
    assert "first" in page
    assert "Take a snapshot" not in page
    assert "/revert/" not in page
    assert "/delete/" not in page
