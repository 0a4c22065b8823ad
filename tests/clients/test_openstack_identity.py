"""Identity by the real `openstack` command: create, list, show, set, delete, as people type it."""

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.clients.conftest import REQUIREMENTS, OpenStack
from tests.stack import PASSWORD, Stack
from tests.venvs import venv_of

JSON = "-f json"


def names(rows: list[dict[str, Any]]) -> set[str]:
    return {row["Name"] for row in rows}


def test_a_token(openstack: OpenStack) -> None:
    token = openstack(f"token issue {JSON}")
    project = openstack(f"project show admin {JSON}")
    assert token["project_id"] == project["id"]
    assert len(token["id"]) == 64
    assert openstack.run(f"token revoke {token['id']}").returncode == 0


def test_the_catalog(openstack: OpenStack, stack: Stack) -> None:
    (identity,) = [row for row in openstack(f"catalog list {JSON}") if row["Type"] == "identity"]
    assert {endpoint["url"] for endpoint in identity["Endpoints"]} == {f"{stack.url}/identity"}
    assert {endpoint["interface"] for endpoint in identity["Endpoints"]} == {"public", "internal", "admin"}
    assert openstack(f"catalog show identity {JSON}")["name"] == "keystone"


def test_projects(openstack: OpenStack) -> None:
    made = openstack(f"project create {JSON} --description", "for the web", "--tag", "red", "web")
    assert (made["name"], made["domain_id"], made["enabled"], made["tags"]) == (
        "web",
        "default",
        True,
        ["red"],
    )
    assert "web" in names(openstack(f"project list {JSON}"))
    assert names(openstack(f"project list --tags red {JSON}")) == {"web"}
    assert openstack(f"project show web {JSON}") == openstack(f"project show {made['id']} {JSON}")
    child = openstack(f"project create --parent web {JSON} child")
    assert child["parent_id"] == made["id"]
    openstack("project set --name shop --disable --tag blue web")
    shown = openstack(f"project show shop {JSON}")
    assert (shown["id"], shown["enabled"], sorted(shown["tags"])) == (made["id"], False, ["blue", "red"])
    assert "already" in openstack.refused("project create shop")
    openstack("project delete child")
    openstack("project delete shop")
    assert "no project" in openstack.refused("project show shop").lower()
    again = openstack(f"project create --or-show {JSON} demo")
    assert again["id"] == openstack(f"project show demo {JSON}")["id"]


def test_users(openstack: OpenStack, stack: Stack) -> None:
    made = openstack(
        f"user create --project demo --email ida@example.org --password long-enough-1 {JSON} ida"
    )
    assert (made["name"], made["email"], made["enabled"]) == ("ida", "ida@example.org", True)
    assert made["default_project_id"] == openstack(f"project show demo {JSON}")["id"]
    assert "ida" in names(openstack(f"user list {JSON}"))
    openstack("user set --name ida-b --description", "writes", "ida")
    assert openstack(f"user show ida-b {JSON}")["description"] == "writes"
    openstack("user set --disable ida-b")
    assert openstack(f"user show ida-b {JSON}")["enabled"] is False
    assert "password" in openstack.refused("user create --password short weak")
    openstack("user delete ida-b")
    assert "no user" in openstack.refused("user show ida-b").lower()


@pytest.mark.proof
def test_groups(openstack: OpenStack) -> None:
    openstack(f"user create --password long-enough-1 {JSON} gus")
    made = openstack(f"group create --description testers {JSON} testers")
    assert (made["name"], made["domain_id"]) == ("testers", "default")
    openstack("group add user testers gus")
    assert "gus in group testers" in openstack.run("group contains user testers gus").stdout
    assert names(openstack(f"user list --group testers {JSON}")) == {"gus"}
    assert names(openstack(f"group list --user gus {JSON}")) == {"testers"}
    openstack("group remove user testers gus")
    assert "gus not in group testers" in openstack.run("group contains user testers gus").stderr
    openstack("group set --name qa testers")
    assert openstack(f"group show qa {JSON}")["id"] == made["id"]
    openstack("group delete qa")
    openstack("user delete gus")


@pytest.mark.proof
def test_domains(openstack: OpenStack) -> None:
    made = openstack(f"domain create --description north {JSON} north")
    assert (made["name"], made["enabled"]) == ("north", True)
    inside = openstack(f"project create --domain north {JSON} web")
    assert inside["domain_id"] == made["id"]
    assert names(openstack(f"project list --domain north {JSON}")) == {"web"}
    assert "Disable" in openstack.refused("domain delete north")
    openstack("domain set --disable north")
    assert openstack(f"domain show north {JSON}")["enabled"] is False
    openstack("domain delete north")
    assert names(openstack(f"domain list {JSON}")) == {"Default"}


@pytest.mark.proof
def test_roles(openstack: OpenStack) -> None:
    made = openstack(f"role create --description audits {JSON} auditor")
    assert made["name"] == "auditor"
    openstack("role set --name examiner auditor")
    assert openstack(f"role show examiner {JSON}")["id"] == made["id"]
    openstack("role delete examiner")
    assert names(openstack(f"role list {JSON}")) == {"admin", "manager", "member", "reader", "service"}
    implied = openstack(f"implied role list {JSON}")
    assert {(row["Prior Role Name"], row["Implied Role Name"]) for row in implied} == {
        ("admin", "manager"),
        ("manager", "member"),
        ("member", "reader"),
    }


def test_assignments(openstack: OpenStack) -> None:
    openstack(f"user create --password long-enough-1 {JSON} una")
    openstack(f"group create {JSON} crew")
    openstack("group add user crew una")
    openstack("role add --user una --project demo manager")
    openstack("role add --group crew --domain default --inherited reader")
    openstack("role add --user una --system all reader")
    written = openstack(f"role assignment list --names --user una --project demo {JSON}")
    assert [(row["Role"], row["User"], row["Project"]) for row in written] == [
        ("manager", "una@Default", "demo@Default")
    ]
    effective = openstack(f"role assignment list --effective --names --user una --project demo {JSON}")
    assert {row["Role"] for row in effective} == {"manager", "member", "reader"}
    everywhere = openstack(f"role assignment list --effective --names --user una {JSON}")
    assert ("reader", "admin@Default") in {(row["Role"], row["Project"]) for row in everywhere}
    assert [row["System"] for row in openstack(f"role assignment list --system all --user una {JSON}")] == [
        "all"
    ]
    inherited = openstack(f"role assignment list --inherited --names {JSON}")
    assert [(row["Group"], row["Inherited"]) for row in inherited] == [("crew@Default", True)]
    openstack("role remove --user una --project demo manager")
    assert openstack(f"role assignment list --user una --project demo {JSON}") == []
    openstack("user delete una")
    openstack("group delete crew")


@pytest.fixture
def as_credential(openstack: OpenStack) -> OpenStack:
    """In a cloud that knows nothing but an application credential of the administrator in demo."""
    made = openstack.within("meridian-demo")(
        f"application credential create --role member --expiration 2040-01-01T00:00:00 {JSON} robot"
    )
    clouds = yaml.safe_load(openstack.clouds.read_text())
    auth = {
        "auth_url": clouds["clouds"]["meridian-demo"]["auth"]["auth_url"],
        "application_credential_id": made["ID"],
        "application_credential_secret": made["Secret"],
    }
    clouds["clouds"]["robot"] = {"auth_type": "v3applicationcredential", "auth": auth}
    openstack.clouds.write_text(yaml.safe_dump(clouds))
    return openstack.within("robot")


def test_an_application_credential(openstack: OpenStack, as_credential: OpenStack) -> None:
    demo = openstack.within("meridian-demo")
    (listed,) = demo(f"application credential list {JSON}")
    assert listed["Name"] == "robot"
    assert demo(f"application credential show robot {JSON}")["Unrestricted"] is False
    token = as_credential(f"token issue {JSON}")
    assert token["project_id"] == openstack(f"project show demo {JSON}")["id"]
    assert "403" in as_credential.refused("user list")
    assert "403" in as_credential.refused("application credential create child")
    demo("application credential delete robot")
    assert "401" in as_credential.refused("token issue")


@pytest.mark.parametrize("kind", ["clouds-yaml", "rc-file"])
def test_the_downloads_of_the_credentials_page(
    stack: Stack, openstack: OpenStack, tmp_path: Path, kind: str
) -> None:
    page = stack.sign_in("admin").post("/credentials/", name=f"it's $(a) {kind}", roles=["member"])
    (content,) = re.findall(f'<template id="{kind}">(.*?)</template>', page.text, re.DOTALL)
    file = tmp_path / kind
    file.write_text(html.unescape(content))
    if kind == "clouds-yaml":
        token = OpenStack(openstack.command, file, "meridian")(f"token issue {JSON}")
    else:
        line = f'. "$1"; "$2" token issue {JSON}'
        sourced = ["bash", "-c", line, "bash", file, venv_of(REQUIREMENTS) / "openstack"]
        token = json.loads(subprocess.run(sourced, capture_output=True, check=True, timeout=120).stdout)
    assert token["project_id"] == openstack(f"project show demo {JSON}")["id"]


@pytest.mark.proof
def test_services_and_endpoints(openstack: OpenStack) -> None:
    openstack(f"region create {JSON} RegionTwo")
    service = openstack(f"service create --name swift --description objects {JSON} object-store")
    assert (service["type"], service["enabled"]) == ("object-store", True)
    made = openstack(
        f"endpoint create --region RegionTwo {JSON} object-store public http://192.0.2.1:8080/v1"
    )
    assert (made["interface"], made["url"], made["service_name"]) == (
        "public",
        "http://192.0.2.1:8080/v1",
        "swift",
    )
    assert "object-store" in {row["Type"] for row in openstack(f"catalog list {JSON}")}
    (listed,) = openstack(f"endpoint list --service object-store {JSON}")
    assert (listed["ID"], listed["Service Name"]) == (made["id"], "swift")
    openstack(f"endpoint set --url https://192.0.2.1/v1 --disable {made['id']}")
    shown = openstack(f"endpoint show {made['id']} {JSON}")
    assert (shown["url"], shown["enabled"]) == ("https://192.0.2.1/v1", False)
    (bare,) = [row for row in openstack(f"catalog list {JSON}") if row["Type"] == "object-store"]
    assert not bare["Endpoints"]
    assert openstack.refused("region delete RegionTwo")
    openstack("service set --description files object-store")
    openstack("service delete object-store")
    assert "no service" in openstack.refused("service show object-store").lower()
    openstack("region set --description gone RegionTwo")
    openstack("region delete RegionTwo")
    assert {row["Region"] for row in openstack(f"region list {JSON}")} == {"RegionOne"}


def test_limits(openstack: OpenStack) -> None:
    registered = openstack(f"registered limit list {JSON}")
    assert "instances" in {row["Resource Name"] for row in registered}
    assert openstack(f"limit list {JSON}") == []


@pytest.mark.proof
def test_changing_the_own_password(openstack: OpenStack) -> None:
    other = "another horse battery"
    demo = openstack.within("meridian-demo")
    demo("user password set --original-password", PASSWORD, "--password", other)
    assert "401" in demo.refused("token issue")
    clouds = openstack.clouds.read_text()
    openstack.clouds.write_text(clouds.replace(json.dumps(PASSWORD).strip('"'), other))
    demo("user password set --original-password", other, "--password", PASSWORD)
    openstack.clouds.write_text(clouds)
    assert demo(f"token issue {JSON}")


def test_a_wrong_password_is_told(openstack: OpenStack) -> None:
    clouds = openstack.clouds.read_text()
    openstack.clouds.write_text(clouds.replace(PASSWORD, "wrong"))
    said = openstack.refused("token issue")
    openstack.clouds.write_text(clouds)
    assert "requires authentication" in said or "401" in said


@pytest.mark.proof
def test_what_keystone_keeps_for_other_services(openstack: OpenStack, tmp_path: Path) -> None:
    """Roles of a domain, endpoints of a project, policies, and limits that others count."""
    role = openstack(f"role create --domain default {JSON} tutor")
    assert [row["Name"] for row in openstack(f"role list --domain default {JSON}")] == ["tutor"]
    assert "tutor" not in {row["Name"] for row in openstack(f"role list {JSON}")}
    openstack("role add --project admin --user admin --role-domain default tutor")
    openstack("role remove --project admin --user admin --role-domain default tutor")
    openstack(f"role delete {role['id']}")
    rules = tmp_path / "rules.json"
    rules.write_text('{"get_thing": []}')
    policy = openstack(f"policy create --type application/json {JSON} {rules}")
    assert openstack(f"policy show {JSON} {policy['id']}")["rules"] == '{"get_thing": []}'
    openstack(f"policy delete {policy['id']}")
    service = openstack(f"service create --name boxes {JSON} container")
    endpoint = openstack(f"endpoint create {JSON} boxes public http://192.0.2.1")
    project = openstack(f"project create {JSON} boxed")
    openstack(f"endpoint add project {endpoint['id']} boxed")
    assert [row["ID"] for row in openstack(f"endpoint list --project boxed {JSON}")] == [endpoint["id"]]
    openstack(f"endpoint remove project {endpoint['id']} boxed")
    filters = tmp_path / "filters.json"
    filters.write_text('{"interface": "public"}')
    openstack(f"endpoint group create {JSON} doors {filters}")
    openstack("endpoint group add project doors boxed")
    assert [row["Name"] for row in openstack(f"endpoint group list --project boxed {JSON}")] == ["doors"]
    openstack("endpoint group remove project doors boxed")
    openstack("endpoint group delete doors")
    registered = openstack(
        f"registered limit create --service boxes --default-limit 5 --description Boxes {JSON} crates"
    )
    assert (registered["service_id"], registered["default_limit"]) == (service["id"], 5)
    limit = openstack(f"limit create --project boxed --service boxes --resource-limit 7 {JSON} crates")
    assert (limit["project_id"], limit["resource_limit"]) == (project["id"], 7)
    assert "crates" in {row["Resource Name"] for row in openstack(f"limit list {JSON}")}
    openstack(f"limit delete {limit['id']}")
    openstack(f"registered limit delete {registered['id']}")
    openstack("project delete boxed")
    openstack("service delete boxes")
