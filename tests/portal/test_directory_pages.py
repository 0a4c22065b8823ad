"""The administrator's pages: what they list, what they change, and what a person reads when it is refused."""

import json
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.context import Context, for_user
from accounts.models import (
    ApplicationCredential,
    Assignment,
    AuditEvent,
    Group,
    Project,
    Quota,
    Role,
    Token,
    User,
)
from accounts.services import roles, tokens
from accounts.services.tokens import Scope
from compute.models import Instance
from tests import factories

HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(root: User) -> Client:
    """The administrator's."""
    client = Client()
    client.force_login(root, backend="accounts.authentication.PasswordBackend")
    return client


def post(browser: Client, address: str, **fields: Any) -> Any:
    """As a button of the page does."""
    return browser.post(address, fields, headers=HTMX)


def said(answer: Any) -> str:
    """The toast of an answer."""
    return str(json.loads(answer.headers["HX-Trigger"])["toast"]["text"])


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


# ── What lists cost ──────────────────────────────────────────────────────────────────────────────
def one_of_each(blue: Project, alice: User, group: Group) -> None:
    """One more row for every list there is."""
    project = factories.ProjectFactory(parent=blue)
    user = factories.UserFactory()
    factories.GroupFactory().members.add(alice)
    group.members.add(user)
    factories.InstanceFactory(project=project)
    factories.AssignmentFactory(user=user, project=blue)
    factories.AssignmentFactory(user=alice, project=project)
    factories.AssignmentFactory(user=None, group=group, project=project)
    factories.RoleFactory(name=f"role-{Role.objects.count()}")
    factories.DomainFactory(id=f"d{Role.objects.count()}", name=f"domain-{Role.objects.count()}")
    AccessAttempt.objects.create(username=user.name, ip_address="192.0.2.7", failures_since_start=9)
    credential = ApplicationCredential.objects.create(
        user=alice, project=project, name=f"credential-{project.name}", secret_hash="!"
    )
    credential.roles.set(Role.objects.filter(name="member"))
    AuditEvent.objects.create(action="x", user_id=alice.id, project_id=blue.id, outcome="succeeded")


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/projects/", 16),
        ("/projects/?sort=-cores", 17),
        ("/users/", 12),
        ("/users/?state=locked", 12),
        ("/groups/", 11),
        ("/roles/", 10),
        ("/domains/", 9),
        ("/projects/{blue}/", 21),
        ("/projects/{blue}/?find=user", 24),
        ("/users/{alice}/", 20),
        ("/users/{alice}/?find=project", 23),
        ("/groups/{group}/", 14),
        ("/palette/?q=project", 11),
    ],
)
def test_a_long_page_costs_as_many_queries_as_a_short_one(
    address: str, most: int, browser: Client, blue: Project, alice: User
) -> None:
    group = factories.GroupFactory()
    address = address.format(blue=blue.id, alice=alice.id, group=group.id)
    for _each in range(3):
        one_of_each(blue, alice, group)
    short = queries(browser, address)
    for _each in range(30):
        one_of_each(blue, alice, group)
    assert queries(browser, address) == short
    assert short <= most


def test_what_does_not_fit_a_page_is_on_the_next(browser: Client) -> None:
    factories.UserFactory.create_batch(60)
    first, second = text(browser.get("/users/")), text(browser.get("/users/?page=2"))
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in second


# ── Projects ─────────────────────────────────────────────────────────────────────────────────────
def test_projects_are_found_by_name_tag_state_and_domain(
    browser: Client, blue: Project, red: Project
) -> None:
    red.tags.create(name="shop")
    Project.objects.filter(pk=red.pk).update(enabled=False)
    for address, there in (
        ("?search=blu", {"blue"}),
        ("?search=SHOP", {"red"}),
        (f"?search={blue.id}", {"blue"}),
        ("?state=disabled", {"red"}),
        ("?domain=elsewhere", set()),
        ("?search=%00", set()),
        ("?sort=-name", {"blue", "red"}),
        ("?sort=password", {"blue", "red"}),
    ):
        page = text(browser.get(f"/projects/{address}", headers=HTMX | {"HX-Target": "projects"}))
        assert {name for name in ("blue", "red") if f"Select {name}" in page} == there, address


def test_projects_are_sorted_by_what_they_use(browser: Client, blue: Project, red: Project) -> None:
    factories.InstanceFactory(project=red)
    most_first = text(browser.get("/projects/?sort=-instances"))
    assert most_first.index("Select red") < most_first.index("Select blue")
    least_first = text(browser.get("/projects/?sort=instances"))
    assert least_first.index("Select blue") < least_first.index("Select red")


def test_a_project_is_made_below_another(browser: Client, blue: Project) -> None:
    made = browser.post(
        "/projects/new/", {"name": "web", "parent_id": blue.id, "description": "The shop", "tags": "a, b,,a"}
    )
    project = Project.objects.get(name="web")
    assert made.headers["Location"] == f"/projects/{project.id}/"
    assert (project.parent, project.domain, project.description) == (blue, blue.domain, "The shop")
    assert [tag.name for tag in project.tags.all()] == ["a", "b"]


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"name": ""}, 400, "Give a name."),
        ({"name": "blue"}, 409, "There is a project blue in this domain already."),
        ({"name": "x", "tags": "a/b"}, 400, "tags of up to 255 characters"),
        ({"name": "x", "parent_id": "nowhere"}, 400, "not one of the available choices"),
    ],
)
def test_the_form_says_what_is_wrong_with_a_project(
    fields: dict[str, str], status: int, sentence: str, browser: Client, blue: Project
) -> None:
    answer = browser.post("/projects/new/", fields)
    assert answer.status_code == status
    assert sentence in answer.content.decode()


def test_a_project_is_changed(browser: Client, blue: Project) -> None:
    blue.tags.create(name="old")
    assert 'value="old"' in text(browser.get(f"/projects/{blue.id}/edit/"))
    browser.post(f"/projects/{blue.id}/edit/", {"name": "navy", "description": "", "tags": "new"})
    blue.refresh_from_db()
    assert (blue.name, [tag.name for tag in blue.tags.all()]) == ("navy", ["new"])


def test_a_disabled_project_is_left_at_the_next_request(
    browser: Client, alice: User, as_alice: Context, blue: Project
) -> None:
    assert said(post(browser, f"/projects/{blue.id}/enabled/", enabled="false")) == "Disabled blue."
    assert for_user(alice, blue.id).project is None
    post(browser, f"/projects/{blue.id}/enabled/", enabled="true")
    assert for_user(alice, blue.id).project == blue
    assert post(browser, f"/projects/{blue.id}/enabled/", enabled="perhaps").status_code == 400


def test_a_refused_deletion_names_what_lives_in_the_project(browser: Client, red: Project) -> None:
    for number in range(5):
        factories.InstanceFactory(project=red, name=f"web-{number}", vm_state="stopped")
    factories.InstanceFactory(project=red, name="old", vm_state="soft-delete")
    factories.NetworkFactory(project=red, name="lab")
    refused = post(browser, f"/projects/{red.id}/delete/")
    assert refused.status_code == 409
    sentence = said(refused)
    assert "The project red is not empty. Instances: " in sentence
    assert " and 2 more. In the recycle bin: old. Networks: lab." in sentence
    assert Project.objects.filter(pk=red.pk).exists()


def test_what_is_gone_does_not_keep_a_project(browser: Client, red: Project) -> None:
    gone = factories.InstanceFactory(project=red, vm_state="deleted")
    factories.OperationFactory(instance=gone, state="succeeded")
    factories.AssignmentFactory(project=red)
    answer = post(browser, f"/projects/{red.id}/delete/", leave="1")
    assert answer.headers["HX-Redirect"] == "/projects/"
    assert not Project.objects.filter(pk=red.pk).exists()
    assert not Instance.objects.filter(pk=gone.pk).exists()
    assert AuditEvent.objects.get(action="project.delete").target_name == "red"


def test_many_projects_get_the_same_limits(browser: Client, blue: Project, red: Project) -> None:
    Quota.objects.create(project=red, resource="ram", limit=1)
    answer = post(browser, "/projects/limits/", ids=[blue.id, red.id], cores="4", ram="", instances=" ")
    assert said(answer) == "Changed the limits of 2 projects."
    rows = set(Quota.objects.values_list("project__name", "resource", "limit"))
    assert rows == {("blue", "cores", 4), ("red", "cores", 4), ("red", "ram", 1)}
    assert AuditEvent.objects.filter(action="quota.update").count() == 2


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"cores": "many", "ram": "5"}, 400, "vCPUs: Give a whole number"),
        ({"cores": ""}, 400, "at least one limit"),
        ({"cores": "1", "ids": []}, 400, "Choose from 1"),
        ({"cores": "1", "ids": ["nowhere"]}, 404, "There is no such thing"),
    ],
)
def test_wrong_limits_change_no_project(
    fields: dict[str, Any], status: int, sentence: str, browser: Client, blue: Project, red: Project
) -> None:
    answer = post(browser, "/projects/limits/", **({"ids": [blue.id, red.id]} | fields))
    assert answer.status_code == status
    assert sentence in said(answer)
    assert not Quota.objects.exists()


def test_the_card_of_a_project_edits_its_limits_in_place(browser: Client, blue: Project) -> None:
    in_card = HTMX | {"HX-Target": "quota"}
    assert 'name="cores"' in text(browser.get(f"/projects/{blue.id}/?limits", headers=in_card))
    wrong = text(browser.post(f"/projects/{blue.id}/quotas/", {"cores": "x"}, headers=in_card))
    assert "Give a whole number" in wrong
    right = text(browser.post(f"/projects/{blue.id}/quotas/", {"cores": "3"}, headers=in_card))
    assert right.startswith("<section")
    assert "of 3" in right


# ── Roles given ──────────────────────────────────────────────────────────────────────────────────
def test_a_projects_page_says_where_each_role_comes_from(browser: Client, blue: Project, alice: User) -> None:
    below = factories.ProjectFactory(name="below", parent=blue)
    group = factories.GroupFactory(name="crew")
    factories.AssignmentFactory(user=None, group=group, project=blue, inherited=True)
    factories.AssignmentFactory(user=alice, project=None, domain=blue.domain, inherited=True)
    page = text(browser.get(f"/projects/{below.id}/"))
    assert "crew" in page
    assert "from the project blue above" in page
    assert "from the domain Default" in page
    assert "Take the role" not in page, "what comes from elsewhere is taken away there"
    above = text(browser.get(f"/projects/{blue.id}/"))
    assert "on the projects below only" in above
    assert "Take the role member from crew" in above


def test_a_users_page_says_where_each_role_comes_from(browser: Client, blue: Project, red: Project) -> None:
    ann = factories.UserFactory(name="ann")
    group = factories.GroupFactory(name="crew")
    group.members.add(ann)
    factories.AssignmentFactory(user=ann, project=blue)
    factories.AssignmentFactory(user=None, group=group, project=red, role__name="manager")
    below = factories.ProjectFactory(name="below", parent=red)
    factories.AssignmentFactory(user=None, group=group, project=red, inherited=True, role__name="reader")
    factories.AssignmentFactory(user=ann, project=None, role__name="admin")
    page = text(browser.get(f"/users/{ann.id}/"))
    for sentence in (
        "given here",
        "implied by member",
        "through the group crew",
        "implied by manager, through the group crew",
        "through the group crew, from the project red above",
        "implied by admin",
        "The whole system",
        f'href="/projects/{below.id}/"',
    ):
        assert sentence in page
    assert page.count("Take the role member from ann?") == 1


@pytest.mark.parametrize("place", ["projects", "domains", "system"])
@pytest.mark.parametrize("actor", ["users", "groups"])
def test_roles_are_given_and_taken(
    actor: str, place: str, browser: Client, blue: Project, django_assert_max_num_queries: Any
) -> None:
    who = factories.UserFactory(name="ann") if actor == "users" else factories.GroupFactory(name="ann")
    where = {"projects": f"projects/{blue.id}", "domains": "domains/default", "system": "system"}[place]
    role = roles.ensure_defaults()["manager"]
    before = Assignment.objects.count()
    fields = {"actor": f"{actor}/{who.id}", "place": where, "role": role.id, "inherited": "false"}
    assert said(post(browser, "/roles/give/", **fields)) == "Gave ann the role manager."
    assert Assignment.objects.count() == before + 1
    assert said(post(browser, "/roles/take/", **fields)) == "Took the role manager from ann."
    assert Assignment.objects.count() == before
    assert post(browser, "/roles/take/", **fields).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"actor": "users/nobody"}, 404),
        ({"actor": "robots/1"}, 400),
        ({"actor": ""}, 400),
        ({"place": "projects/nowhere"}, 404),
        ({"place": "planets/mars"}, 400),
        ({"place": ""}, 400),
        ({"place": "system", "inherited": "true"}, 400),
        ({"role": "nothing"}, 404),
        ({"role": "\0"}, 404),
        ({"inherited": "perhaps"}, 400),
    ],
)
def test_what_makes_no_sense_gives_nothing(
    wrong: dict[str, str], status: int, browser: Client, blue: Project, alice: User
) -> None:
    role = roles.ensure_defaults()["manager"]
    fields = {
        "actor": f"users/{alice.id}",
        "place": f"projects/{blue.id}",
        "role": role.id,
        "inherited": "false",
    }
    before = Assignment.objects.count()
    answer = post(browser, "/roles/give/", **(fields | wrong))
    assert answer.status_code == status
    assert said(answer)
    assert Assignment.objects.count() == before


def test_without_scripts_one_lands_where_one_was(browser: Client, blue: Project, alice: User) -> None:
    fields = {
        "actor": f"users/{alice.id}",
        "place": f"projects/{blue.id}",
        "role": roles.ensure_defaults()["reader"].id,
    }
    for page, back in (("user", f"/users/{alice.id}/"), ("project", f"/projects/{blue.id}/")):
        assert browser.post("/roles/give/", fields | {"from": page}).headers["Location"] == back


def test_a_search_offers_what_fits_as_buttons(browser: Client, blue: Project, alice: User) -> None:
    factories.GroupFactory(name="alike")
    factories.UserFactory.create_batch(1000)
    part = HTMX | {"HX-Target": "found"}
    page = text(browser.get(f"/projects/{blue.id}/?find=ali", headers=part))
    assert f'value="users/{alice.id}"' in page
    assert 'value="groups/' in page
    many = text(browser.get(f"/projects/{blue.id}/?find=user", headers=part))
    assert many.count("<button") == 8
    assert "type on to narrow" in many
    places = text(browser.get(f"/users/{alice.id}/?find=bl", headers=part))
    assert f'value="projects/{blue.id}"' in places
    assert 'value="system"' in text(browser.get(f"/users/{alice.id}/?find=system", headers=part))
    assert "Nothing fits" in text(browser.get(f"/users/{alice.id}/?find=%00", headers=part))


# ── Users ────────────────────────────────────────────────────────────────────────────────────────
def test_users_are_found_by_name_mail_and_state(browser: Client, alice: User) -> None:
    factories.UserFactory(name="zoe", email="zoe@example.org", enabled=False)
    locked = factories.UserFactory(name="yan")
    for agent in ("one", "another"):
        AccessAttempt.objects.create(
            username="yan", ip_address="192.0.2.7", user_agent=agent, failures_since_start=4
        )
    AccessAttempt.objects.create(username="alice", ip_address="192.0.2.7", failures_since_start=7)
    names = {"alice": alice.id, "zoe": User.objects.get(name="zoe").id, "yan": locked.id}
    for address, there in (
        ("?search=ZO", {"zoe"}),
        ("?search=example.org", {"zoe"}),
        ("?state=disabled", {"zoe"}),
        ("?state=locked", {"yan"}),
        ("?state=enabled&search=a", {"alice", "yan"}),
    ):
        page = text(browser.get(f"/users/{address}", headers=HTMX | {"HX-Target": "users"}))
        assert {name for name, key in names.items() if f'href="/users/{key}/"' in page} == there, address


def test_a_user_is_made_with_a_password_or_without(browser: Client) -> None:
    browser.post(
        "/users/new/", {"name": "ann", "email": "ann@example.org", "domain_id": "default", "password": ""}
    )
    assert not User.objects.get(name="ann").has_usable_password()
    answer = browser.post("/users/new/", {"name": "ben", "domain_id": "default", "password": "pw-9x"})
    assert answer.status_code == 400
    assert not User.objects.filter(name="ben").exists()
    assert b"too short" in answer.content
    assert b"pw-9x" not in answer.content
    browser.post("/users/new/", {"name": "ben", "domain_id": "default", "password": "correct horse battery"})
    assert User.objects.get(name="ben").check_password("correct horse battery")


def test_a_user_is_changed(browser: Client, alice: User, blue: Project) -> None:
    assert 'value="alice"' in text(browser.get(f"/users/{alice.id}/edit/"))
    fields = {"name": "alicia", "email": "a@example.org", "description": "Ops", "default_project_id": ""}
    browser.post(f"/users/{alice.id}/edit/", fields)
    alice.refresh_from_db()
    assert (alice.name, alice.email, alice.description) == ("alicia", "a@example.org", "Ops")
    assert alice.default_project is None
    answer = browser.post(f"/users/{alice.id}/edit/", fields | {"name": "root"})
    assert answer.status_code == 409


def test_disabling_signs_a_user_out_at_once(browser: Client, alice: User, blue: Project) -> None:
    hers = Client()
    hers.force_login(alice, backend="accounts.authentication.PasswordBackend")
    tokens.issue(alice, ["password"], Scope(project=blue))
    assert hers.get("/instances/").status_code == 200
    post(browser, f"/users/{alice.id}/enabled/", enabled="false")
    assert hers.get("/instances/").status_code == 302
    assert not Token.objects.filter(user=alice).exists()


def test_a_taken_role_counts_at_the_next_request(browser: Client, alice: User, blue: Project) -> None:
    hers = Client()
    hers.force_login(alice, backend="accounts.authentication.PasswordBackend")
    assert hers.get("/instances/").status_code == 200
    role = Role.objects.get(name="member")
    post(browser, "/roles/take/", actor=f"users/{alice.id}", place=f"projects/{blue.id}", role=role.id)
    assert hers.get("/instances/").status_code == 403


def test_a_user_is_deleted(browser: Client, alice: User) -> None:
    answer = post(browser, f"/users/{alice.id}/delete/", leave="1")
    assert answer.headers["HX-Redirect"] == "/users/"
    assert not User.objects.filter(pk=alice.pk).exists()


def test_one_is_not_offered_to_end_oneself(browser: Client, root: User) -> None:
    page = text(browser.get(f"/users/{root.id}/"))
    assert f"/users/{root.id}/delete/" not in page
    assert f"/users/{root.id}/enabled/" not in page


def test_a_lock_out_is_lifted(browser: Client, alice: User) -> None:
    AccessAttempt.objects.create(username="alice", ip_address="192.0.2.7", failures_since_start=8)
    assert "Locked out" in text(browser.get(f"/users/{alice.id}/"))
    assert said(post(browser, f"/users/{alice.id}/unlock/")) == "alice may try again at once."
    assert "Locked out" not in text(browser.get(f"/users/{alice.id}/"))
    assert AuditEvent.objects.get(action="user.unlock").target_id == alice.id


def test_an_application_credential_is_revoked(browser: Client, alice: User, blue: Project) -> None:
    credential = ApplicationCredential.objects.create(user=alice, project=blue, name="ci", secret_hash="!")
    assert "Revoke ci" in text(browser.get(f"/users/{alice.id}/"))
    post(browser, f"/users/{alice.id}/credentials/{credential.id}/revoke/")
    assert not ApplicationCredential.objects.exists()


# ── Groups, roles, domains ───────────────────────────────────────────────────────────────────────
def test_groups_are_made_filled_changed_and_deleted(browser: Client, alice: User) -> None:
    browser.post("/groups/new/", {"name": "crew", "description": "All", "domain_id": "default"})
    group = Group.objects.get(name="crew")
    address = f"/groups/{group.id}/"
    part = HTMX | {"HX-Target": "found-members"}
    assert f"users/{alice.id}" in text(browser.get(f"{address}?find=ali", headers=part))
    post(browser, f"{address}add/", actor=f"users/{alice.id}")
    assert list(group.members.all()) == [alice]
    assert "Remove alice from the group" in text(browser.get(address))
    post(browser, f"{address}remove/", actor=f"users/{alice.id}")
    assert post(browser, f"{address}remove/", actor=f"users/{alice.id}").status_code == 404
    browser.post(f"{address}edit/", {"name": "team", "description": ""})
    group.refresh_from_db()
    assert group.name == "team"
    assert post(browser, f"{address}delete/").headers["HX-Redirect"] == "/groups/"
    assert not Group.objects.exists()


def implied_by(name: str) -> set[str]:
    rules = Role.objects.get(name=name).inferences.filter(is_direct=True)
    return set(rules.values_list("implied__name", flat=True))


def test_roles_are_made_and_imply_others(browser: Client) -> None:
    made = roles.ensure_defaults()
    browser.post("/roles/new/", {"name": "auditor", "description": "Looks", "implied": [made["reader"].id]})
    auditor = Role.objects.get(name="auditor")
    assert implied_by("auditor") == {"reader"}
    browser.post(f"/roles/{auditor.id}/edit/", {"name": "auditor", "implied": [made["member"].id]})
    assert implied_by("auditor") == {"member"}
    assert {rule.implied.name for rule in auditor.inferences.all()} == {"member", "reader"}
    post(browser, f"/roles/{auditor.id}/delete/")
    assert not Role.objects.filter(name="auditor").exists()


def test_the_default_roles_keep_their_order(browser: Client) -> None:
    made = roles.ensure_defaults()
    browser.post(f"/roles/{made['member'].id}/edit/", {"description": "Works", "implied": []})
    assert implied_by("member") == {"reader"}
    assert Role.objects.get(name="member").description == "Works"
    refused = post(browser, f"/roles/{made['member'].id}/delete/")
    assert refused.status_code == 403
    assert "stays" in said(refused)


@pytest.mark.parametrize("implied", ["admin", "manager", "reader"])
def test_no_rule_makes_a_lesser_role_as_strong_as_a_greater(browser: Client, implied: str) -> None:
    made = roles.ensure_defaults()
    answer = browser.post(f"/roles/{made['reader'].id}/edit/", {"implied": [made[implied].id]})
    assert answer.status_code == (403 if implied == "manager" else 400)
    assert implied_by("reader") == set()


def test_a_role_that_cannot_imply_is_not_made(browser: Client) -> None:
    made = roles.ensure_defaults()
    assert browser.post("/roles/new/", {"name": "boss", "implied": [made["admin"].id]}).status_code == 400
    assert not Role.objects.filter(name="boss").exists()


def test_domains_are_made_disabled_and_deleted(browser: Client) -> None:
    browser.post("/domains/new/", {"name": "Partners"})
    assert "Partners" in text(browser.get("/domains/"))
    domain = Project._meta.get_field("domain").related_model.objects.get(name="Partners")
    assert "Every domain" in text(browser.get("/users/"))
    assert post(browser, f"/domains/{domain.id}/delete/").status_code == 403
    post(browser, f"/domains/{domain.id}/enabled/", enabled="false")
    assert said(post(browser, f"/domains/{domain.id}/delete/")) == "Deleted the domain Partners."


# ── Finding ──────────────────────────────────────────────────────────────────────────────────────
def test_the_palette_finds_people_and_projects_for_administrators_only(
    browser: Client, blue: Project, alice: User, max_: User
) -> None:
    factories.GroupFactory(name="blues")
    found = browser.get("/palette/?q=blue").json()["items"]
    assert {(item["label"], item["hint"]) for item in found} >= {("blue", "Project"), ("blues", "Group")}
    assert ("alice", "User") in {
        (item["label"], item["hint"]) for item in browser.get("/palette/?q=alice").json()["items"]
    }
    his = Client()
    his.force_login(max_, backend="accounts.authentication.PasswordBackend")
    assert his.get("/palette/?q=alice").json()["items"] == []


@pytest.mark.parametrize("kind", ["projects", "users", "groups"])
def test_an_unknown_id_is_not_found(kind: str, browser: Client) -> None:
    for key in ("nowhere", "%00", "x" * 300):
        assert browser.get(f"/{kind}/{key}/").status_code == 404
