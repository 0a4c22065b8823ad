"""Administrators find any instance, wherever it is, and that they looked is written down."""

import pytest
from django.test import Client

from accounts.models import AuditEvent, Project, User
from compute.instances.models import Instance
from tests import factories


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.authentication.PasswordBackend")
    return client


@pytest.fixture
def foreign(red: Project, bob: User) -> Instance:
    port = factories.PortFactory(
        instance__project=red, instance__user=bob, instance__name="shop", address="10.48.9.9"
    )
    return port.instance


def looks() -> list[tuple[str, str]]:
    return [
        (event.action, event.project_id)
        for event in AuditEvent.objects.filter(action__startswith="instance.read").order_by("id")
    ]


@pytest.mark.parametrize("search", ["sho", "10.48.9.9", "ID", "bob", "BO"])
def test_by_name_address_id_and_user(root: User, foreign: Instance, search: str) -> None:
    wanted = str(foreign.pk) if search == "ID" else search
    client = browser_of(root)
    text = client.get(f"/instances/?all=1&search={wanted}").content.decode()
    assert f'id="row-{foreign.pk}"' in text
    assert "red · bob" in text
    assert "Name, address, id or user" in text
    assert f'id="row-{foreign.pk}"' not in client.get(f"/instances/?search={wanted}").content.decode()
    (item,) = [
        item
        for item in client.get(f"/palette/?q={wanted}").json()["items"]
        if item["url"] == f"/instances/{foreign.pk}/"
    ]
    assert item["hint"].endswith(" · red")


def test_nobody_else_finds_it(alice: User, foreign: Instance) -> None:
    client = browser_of(alice)
    for search in ("sho", "10.48.9.9", str(foreign.pk), "bob"):
        listed = client.get(f"/instances/?all=1&search={search}").content.decode()
        assert f"/instances/{foreign.pk}/" not in listed
        assert str(foreign.pk) not in client.get(f"/palette/?q={search}").content.decode()
    assert looks() == []


def test_the_switch_and_what_is_empty_stay_in_all_projects(root: User, foreign: Instance) -> None:
    text = browser_of(root).get("/instances/?all=1&search=nothing").content.decode()
    assert 'href="/instances/?all=1"' in text
    assert 'aria-checked="true"' in text


def test_looking_is_written_down_once_a_visit(
    root: User, foreign: Instance, blue: Project, red: Project
) -> None:
    own = factories.InstanceFactory(project=blue)
    client = browser_of(root)
    client.get(f"/instances/{own.pk}/")
    client.get("/instances/")
    assert looks() == []
    client.get("/instances/?all=1&search=sho")
    for tab in ("", "activity/", ""):
        assert client.get(f"/instances/{foreign.pk}/{tab}").status_code == 200
    client.get(f"/instances/{foreign.pk}/", headers={"HX-Request": "true", "HX-Target": "tab"})
    assert looks() == [("instance.read_all", ""), ("instance.read", red.id)]
    assert AuditEvent.objects.get(action="instance.read_all").detail == {"search": "sho"}


@pytest.mark.parametrize(("code", "name"), [("crashed", "log"), ("no_space", "activity")])
def test_a_fault_leads_to_where_it_is_told(alice: User, blue: Project, code: str, name: str) -> None:
    fault = {"code": code, "message": "It broke."}
    instance = factories.InstanceFactory(project=blue, vm_state="stopped", fault=fault)
    text = browser_of(alice).get(f"/instances/{instance.pk}/").content.decode()
    _before, _fault, after = text.partition("It broke. <a href=")
    assert after.startswith(f'"/instances/{instance.pk}/{name}/"')


def test_a_reader_is_not_asked_to_launch(ruth: User, blue: Project) -> None:
    fault = {"code": "crashed", "message": "It broke."}
    client = browser_of(ruth)
    for address in ("/", "/instances/"):
        text = client.get(address).content.decode()
        assert "No instances yet" in text
        assert "Ask for the role member" in text
        assert "Launch your first" not in text
    instance = factories.InstanceFactory(project=blue, vm_state="stopped", fault=fault)
    assert f"/instances/{instance.pk}/log/" not in client.get(f"/instances/{instance.pk}/").content.decode()
