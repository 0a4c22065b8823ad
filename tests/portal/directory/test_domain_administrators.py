"""The pages as the administrators and the readers of a domain see them: of everything only what is theirs."""

import pytest
from django.test import Client

from accounts.models import Assignment, Domain, Project, User
from tests import factories
from tests.portal.directory.pages import post, said, text


@pytest.fixture
def school(blue: Project, alice: User) -> Domain:
    school = factories.DomainFactory(id="school", name="School")
    lab = factories.ProjectFactory(name="lab", domain=school)
    pupil = factories.UserFactory(name="pupil", domain=school)
    team = factories.GroupFactory(name="team", domain=school)
    team.members.add(pupil)
    factories.GroupFactory(name="blues")
    factories.AssignmentFactory(user=pupil, project=lab)
    return school


def signed_in(school: Domain, role: str) -> Client:
    """Whoever has this role on the domain and no other; their own domain is the first."""
    user = factories.UserFactory(name=f"the-{role}")
    factories.AssignmentFactory(user=user, project=None, domain=school, role__name=role)
    browser = Client()
    browser.force_login(user, backend="accounts.authentication.PasswordBackend")
    return browser


def pages(school: Domain) -> list[str]:
    rows = [("users", User), ("groups", school.groups.model), ("projects", Project)]
    own = [f"/{name}/{row.pk}/" for name, model in rows for row in model.objects.filter(domain=school)]
    return ["/users/", "/groups/", "/projects/", "/domains/", *own]


@pytest.mark.parametrize("role", ["reader", "manager", "admin"])
def test_every_page_shows_the_domain_alone(school: Domain, role: str) -> None:
    browser = signed_in(school, role)
    for address in pages(school):
        content = text(browser.get(address))
        assert "alice" not in content
        assert "blue" not in content
        assert "/audit/" not in content
        assert "/flavors/" not in content
        # Limits are the cloud's to give.
        assert "?edit=" not in content
        assert "?limits" not in content
        # The search of a place offers neither other domains nor the system.
        found = text(browser.get(f"{address}?find=e&what=place"))
        assert "The whole system" not in found
    for row in (User.objects.get(name="alice"), Project.objects.get(name="blue")):
        assert browser.get(f"/{row._meta.model_name}s/{row.pk}/").status_code == 404
    for address in ("/health/", "/roles/", "/audit/", "/quota-requests/", "/domains/new/"):
        assert browser.get(address).status_code == 403


def test_a_reader_finds_no_button_that_would_refuse(school: Domain) -> None:
    browser = signed_in(school, "reader")
    for address in pages(school):
        content = text(browser.get(address))
        main = content[content.index("<main") :]
        for words in (
            "/new/",
            "/edit/",
            "/invite/",
            "/enabled/",
            "/delete/",
            "/roles/",
            "/remove/",
            "/reset",
        ):
            assert f'{words}"' not in main, (address, words)
    assert browser.get("/users/new/").status_code == 403


def test_a_manager_makes_and_gives_within_the_domain(school: Domain) -> None:
    browser = signed_in(school, "manager")
    assert 'value="school"' in text(browser.get("/users/new/"))
    browser.post("/users/new/", {"name": "ann", "domain_id": "school", "password": ""})
    browser.post("/groups/new/", {"name": "choir", "domain_id": "school"})
    browser.post("/projects/new/", {"name": "room", "parent_id": "school"})
    ann, room = User.objects.get(name="ann"), Project.objects.get(name="room")
    assert (ann.domain, room.domain) == (school, school)
    content = text(browser.get(f"/users/{ann.id}/?find=room"))
    assert f'value="projects/{room.id}"' in content
    assert ">manager</option>" in content
    assert ">admin</option>" not in content
    member = factories.RoleFactory(name="member")
    answer = post(
        browser, "/roles/give/", actor=f"users/{ann.id}", place=f"projects/{room.id}", role=member.id
    )
    assert said(answer) == "Gave ann the role member."
    browser.post("/users/invite/", {"name": "ben", "project": room.id, "role": "member"})
    assert User.objects.get(name="ben").domain == school
    admin = factories.RoleFactory(name="admin")
    answer = post(
        browser, "/roles/give/", actor=f"users/{ann.id}", place=f"projects/{room.id}", role=admin.id
    )
    assert answer.status_code == 403
    assert not Assignment.objects.filter(user=ann, role=admin).exists()
    assert browser.post("/users/new/", {"name": "eve", "domain_id": "default"}).status_code == 400
    assert not User.objects.filter(name="eve").exists()


def test_the_page_that_gives_admin_says_what_it_means(school: Domain, browser: Client) -> None:
    pupil = User.objects.get(name="pupil")
    sentence = "it administers the whole cloud"
    assert sentence in text(browser.get(f"/users/{pupil.id}/"))
    assert sentence not in text(signed_in(school, "manager").get(f"/users/{pupil.id}/"))


def test_the_palette_finds_what_is_in_the_domain(school: Domain) -> None:
    browser = signed_in(school, "reader")
    labels = [item["label"] for item in browser.get("/palette/?q=l").json()["items"]]
    assert {"lab", "pupil"} <= set(labels)
    assert not {"alice", "blue", "blues"} & set(labels)
