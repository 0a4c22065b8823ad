"""Pages about where instances go: server groups, host aggregates, the launch page's placement."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Project, User
from compute.hosts.models import Aggregate, Hypervisor
from compute.instances.models import Instance, ServerGroup
from tests import factories

HTMX = {"HX-Request": "true"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


@pytest.fixture
def browser(alice: User) -> Client:
    """A member's."""
    return signed_in(alice)


@pytest.fixture
def admin(root: User) -> Client:
    return signed_in(root)


def post(browser: Client, address: str, **fields: Any) -> Any:
    """As a button of the page does."""
    return browser.post(address, fields, headers=HTMX)


def said(answer: Any) -> str:
    """The toast of an answer."""
    return str(json.loads(answer.headers["HX-Trigger"])["toast"]["text"])


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# ── Server groups ────────────────────────────────────────────────────────────────────────────────
def test_a_group_is_made_shown_and_deleted(browser: Client, blue: Project) -> None:
    assert "No server groups yet" in text(browser.get("/server-groups/"))
    fields = {"name": "db <halves>", "policy": "anti-affinity", "max_server_per_host": "2"}
    made = browser.post("/server-groups/new/", fields)
    assert made.headers["Location"] == "/server-groups/"
    group = ServerGroup.objects.get()
    assert (group.project, group.policy, group.most_per_host) == (blue, "anti-affinity", 2)
    member = factories.InstanceFactory(project=blue, server_group=group, name="left")
    page = text(browser.get("/server-groups/"))
    assert "db &lt;halves&gt;" in page
    assert f'<a href="/instances/{member.pk}/">left</a>' in page
    assert "at most 2 on one" in page
    assert "db &lt;halves&gt;" in text(browser.get(f"/instances/{member.pk}/"))
    answer = post(browser, f"/server-groups/{group.pk}/delete/")
    assert said(answer) == "Deleted the server group db <halves>."
    member.refresh_from_db()
    assert member.server_group is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "", "policy": "affinity"}, "Give a name."),
        ({"name": "g", "policy": "beside"}, "not one of the available choices"),
        (
            {"name": "g", "policy": "affinity", "max_server_per_host": "2"},
            "Only anti-affinity policy supports rules.",
        ),
        ({"name": "g", "policy": "anti-affinity", "max_server_per_host": "0"}, "Give a whole number from 1."),
    ],
)
def test_the_form_says_what_is_wrong(browser: Client, fields: dict[str, str], sentence: str) -> None:
    answer = browser.post("/server-groups/new/", fields)
    assert answer.status_code == 400
    assert sentence in text(answer)
    assert not ServerGroup.objects.exists()


def test_readers_look_and_foreign_groups_are_unknown(ruth: User, browser: Client, red: Project) -> None:
    own = factories.ServerGroupFactory(project__name="blue", name="ours")
    foreign = factories.ServerGroupFactory(project=red, name="theirs")
    page = text(signed_in(ruth).get("/server-groups/"))
    assert "ours" in page
    assert "theirs" not in page
    assert "Delete the server group" not in page
    assert "New server group" not in page
    assert post(browser, f"/server-groups/{foreign.pk}/delete/").status_code == 404
    assert post(signed_in(ruth), f"/server-groups/{own.pk}/delete/").status_code == 403
    assert ServerGroup.objects.count() == 2


# ── Placement at launch ──────────────────────────────────────────────────────────────────────────
@pytest.fixture
def form(blue: Project) -> dict[str, str]:
    factories.NetworkFactory()
    flavor, image = factories.FlavorFactory(name="tiny"), factories.ImageFactory(name="Tiny Linux")
    return {
        "name": "web",
        "image_id": str(image.pk),
        "flavor_id": flavor.pk,
        "count": "1",
        "key_from": "none",
        "key": "0" * 32,
    }


def test_group_and_zone_are_chosen_at_launch(browser: Client, form: dict[str, str], blue: Project) -> None:
    factories.HypervisorFactory(zone="east")
    group = factories.ServerGroupFactory(project=blue, name="halves")
    page = text(browser.get("/instances/launch/"))
    assert f'<option value="{group.pk}">halves – Apart on different hosts</option>' in page
    assert '<option value="east">east</option>' in page
    wanted = form | {"server_group_id": str(group.pk), "availability_zone": "east"}
    preview = text(browser.post("/instances/launch/preview/", wanted))
    assert f"--hint group={group.pk} --availability-zone east" in preview
    assert "halves · east" in preview
    assert browser.post("/instances/launch/", wanted).status_code == 302
    row = Instance.objects.get()
    assert (row.server_group, row.requested_zone) == (group, "east")


def test_a_refusal_opens_the_placement(browser: Client, form: dict[str, str], red: Project) -> None:
    foreign = factories.ServerGroupFactory(project=red)
    wanted = form | {"server_group_id": str(foreign.pk), "availability_zone": "mars"}
    answer = browser.post("/instances/launch/", wanted)
    assert answer.status_code == 400
    page = text(answer)
    assert "could not be found." in page
    assert "The requested availability zone is not available." in page
    assert 'data-wrong open><summary class="card-header"> <h2>Placement' in page.replace("> <sum", "><sum")
    assert not Instance.objects.exists()


# ── Aggregates ───────────────────────────────────────────────────────────────────────────────────
def test_an_aggregate_is_made_changed_and_deleted(admin: Client) -> None:
    assert "No aggregates yet" in text(admin.get("/aggregates/"))
    for name in ("host-a", "host-b"):
        factories.HypervisorFactory(name=name)
    fields = {
        "name": "fast",
        "availability_zone": "east",
        "hosts": ["host-a"],
        "metadata": "disk=ssd\n\n cores = 8 \n",
    }
    assert admin.post("/aggregates/new/", fields).headers["Location"] == "/aggregates/"
    row = Aggregate.objects.get()
    assert row.metadata == {"disk": "ssd", "cores": "8"}
    assert [host.name for host in row.hosts.all()] == ["host-a"]
    assert Hypervisor.objects.get(name="host-a").availability_zone == "east"
    page = text(admin.get("/aggregates/"))
    assert "<code>disk=ssd</code>" in page
    edit = text(admin.get(f"/aggregates/{row.pk}/edit/"))
    assert "cores=8 disk=ssd" in edit
    admin.post(f"/aggregates/{row.pk}/edit/", {"name": "slow", "hosts": ["host-b"], "metadata": "disk=hdd"})
    row.refresh_from_db()
    assert (row.name, row.availability_zone, row.metadata) == ("slow", "", {"disk": "hdd"})
    assert [host.name for host in row.hosts.all()] == ["host-b"]
    assert not Hypervisor.objects.exclude(zone="").exists()
    assert "not empty" in said(post(admin, f"/aggregates/{row.pk}/delete/"))
    admin.post(f"/aggregates/{row.pk}/edit/", {"name": "slow"})
    assert said(post(admin, f"/aggregates/{row.pk}/delete/")) == "Deleted the aggregate slow."
    assert not Aggregate.objects.exists()


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"name": ""}, 400, "Give a name."),
        ({"name": "a", "availability_zone": "a:b"}, 400, "no colon"),
        ({"name": "a", "metadata": "disk"}, 400, "Line 1 is no key=value."),
        ({"name": "a", "metadata": "a/b=c"}, 400, "Keys and values are texts"),
        ({"name": "a", "hosts": ["mars"]}, 400, "not one of the available choices"),
        ({"name": "taken"}, 409, "Aggregate taken already exists."),
        (
            {"name": "a", "availability_zone": "west", "hosts": ["host-a"]},
            409,
            "in the availability zone east",
        ),
    ],
)
def test_the_form_of_aggregates_says_what_is_wrong(
    admin: Client, fields: dict[str, Any], status: int, sentence: str
) -> None:
    taken = factories.AggregateFactory(name="taken", availability_zone="east")
    taken.hosts.add(factories.HypervisorFactory(name="host-a", zone="east"))
    answer = admin.post("/aggregates/new/", fields)
    assert answer.status_code == status
    assert sentence in text(answer)
    assert Aggregate.objects.count() == 1, "all of it or nothing"


@pytest.mark.parametrize("address", ["/server-groups/", "/aggregates/"])
def test_long_lists_cost_as_many_queries_as_short_ones(admin: Client, blue: Project, address: str) -> None:
    counts = []
    for number in (1, 8):
        for _each in range(number):
            group = factories.ServerGroupFactory(project=blue)
            factories.InstanceFactory(project=blue, server_group=group)
            factories.AggregateFactory().hosts.add(factories.HypervisorFactory())
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


# ── Limits of one user ───────────────────────────────────────────────────────────────────────────
def test_a_users_limits_are_set_and_forgotten(admin: Client, alice: User, blue: Project) -> None:
    address = f"/projects/{blue.id}/users/{alice.id}/limits/"
    assert address in text(admin.get(f"/projects/{blue.id}/"))
    factories.InstanceFactory(project=blue, user=alice, vcpus=2)
    page = text(admin.get(address))
    assert "Limits of alice in blue" in page
    assert "2 in use by them; the project has 20." in page
    assert admin.post(address, {"cores": "4", "ram": ""}).headers["Location"] == f"/projects/{blue.id}/"
    assert list(alice.quotas.values_list("resource", "limit")) == [("cores", 4)]
    assert 'value="4"' in text(admin.get(address))
    for wrong, sentence in {
        "1": "greater than or equal to",
        "21": "less than or equal to",
        "x": "Give a",
    }.items():
        answer = admin.post(address, {"cores": wrong})
        assert answer.status_code == 400
        assert sentence in text(answer)
    admin.post(address, {"cores": ""})
    assert not alice.quotas.exists()
