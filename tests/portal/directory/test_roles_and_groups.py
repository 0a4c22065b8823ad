"""The administrator's pages of groups, roles and domains."""

import pytest
from django.test import Client

from accounts.models import (
    Project,
    Role,
    User,
)
from accounts.services import roles
from tests import factories
from tests.portal.directory.pages import post, said, text


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
