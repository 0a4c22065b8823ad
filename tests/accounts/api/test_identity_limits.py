"""Limits and registered limits: quotas in Keystone's words."""

import json
from typing import Any

import pytest

from accounts.models import Project, Quota
from accounts.services import quotas
from tests.accounts.api.identity_calls import Api, make
from tests.hostile import NO_NUMBERS

pytestmark = pytest.mark.django_db


def rows(api: Api, plural: str) -> list[dict[str, Any]]:
    return json.loads(api.get(plural).content)[plural]


def registered(api: Api, name: str) -> dict[str, Any]:
    (row,) = [row for row in rows(api, "registered_limits") if row["resource_name"] == name]
    return row


def set_limit(api: Api, project: Project, name: str, limit: Any) -> Any:
    given = {"project_id": project.id, "resource_name": name, "resource_limit": limit, "service_id": None}
    return api.post("limits", limits=[given])


def limit_of(project: Project, name: str) -> int:
    return quotas.limits([project.id])[project.id][name]


def test_a_limit_is_the_quota(admin: Api, member: Api, blue: Project, red: Project) -> None:
    answer = set_limit(admin, blue, "cores", 3)
    assert answer.status_code == 201, answer.content
    (made,) = json.loads(answer.content)["limits"]
    assert (made["resource_limit"], made["project_id"]) == (3, blue.id)
    assert limit_of(blue, "cores") == 3
    assert set_limit(admin, blue, "cores", 4).status_code == 409
    assert set_limit(admin, red, "cores", 5).status_code == 201
    assert [row["resource_limit"] for row in rows(member, "limits")] == [3]
    answer = admin.patch(f"limits/{made['id']}", limit={"resource_limit": 7})
    assert json.loads(answer.content)["limit"] == made | {"resource_limit": 7}
    assert limit_of(blue, "cores") == 7
    assert admin.delete(f"limits/{made['id']}").status_code == 204
    assert limit_of(blue, "cores") == limit_of(Project(id="other"), "cores")


def test_a_registered_limit_is_the_default(admin: Api, blue: Project) -> None:
    row = registered(admin, "cores")
    path = f"registered_limits/{row['id']}"
    assert json.loads(admin.get(path).content)["registered_limit"] == row
    admin.patch(path, registered_limit={"default_limit": 99})
    assert limit_of(blue, "cores") == registered(admin, "cores")["default_limit"] == 99
    set_limit(admin, blue, "cores", 1)
    assert admin.delete(path).status_code == 403
    Quota.objects.filter(project=blue).delete()
    assert admin.delete(path).status_code == 204
    assert registered(admin, "cores") == row
    again = {"resource_name": "cores", "default_limit": 1}
    assert admin.post("registered_limits", registered_limits=[again]).status_code == 409


@pytest.mark.parametrize("limit", NO_NUMBERS, ids=repr)
def test_limits_that_are_none(limit: Any, admin: Api, blue: Project) -> None:
    answer = set_limit(admin, blue, "cores", limit)
    assert answer.status_code == 400
    assert "resource_limit" in json.loads(answer.content)["error"]["message"]


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("resource_name", "unknown", 400),
        ("resource_name", None, 400),
        ("service_id", "unknown", 400),
        ("region_id", "unknown", 400),
        ("domain_id", "default", 400),
        ("description", "mine", 400),
        ("project_id", "unknown", 404),
    ],
)
def test_several_are_made_or_none(field: str, value: Any, status: int, admin: Api, blue: Project) -> None:
    good = {"project_id": blue.id, "resource_name": "cores", "resource_limit": 3}
    bad = good | {"resource_name": "ram"} | {field: value}
    answer = admin.post("limits", limits=[good, bad])
    assert answer.status_code == status, answer.content
    if status == 400:
        assert field in json.loads(answer.content)["error"]["message"]
    assert not Quota.objects.exists()


@pytest.mark.parametrize("body", [{}, {"limits": {}}, {"limits": []}, {"limits": ["x"]}, {"limits": None}])
def test_bodies_without_limits(body: dict[str, Any], admin: Api) -> None:
    assert admin.post("limits", **body).status_code == 400


def test_what_a_limit_is_about_stays(admin: Api, blue: Project) -> None:
    (made,) = json.loads(set_limit(admin, blue, "cores", 3).content)["limits"]
    assert admin.patch(f"limits/{made['id']}", limit={"resource_name": "ram"}).status_code == 400
    row = registered(admin, "cores")
    answer = admin.patch(f"registered_limits/{row['id']}", registered_limit={"resource_name": "ram"})
    assert answer.status_code == 400


# ── Resources of other services ──────────────────────────────────────────────────────────────────
@pytest.fixture
def swift(admin: Api) -> str:
    """The id of another service."""
    return str(make(admin, "services", type="object-store", name="swift")["id"])


def register(api: Api, **given: Any) -> Any:
    return api.post("registered_limits", registered_limits=[{"default_limit": 10} | given])


def test_another_services_resource_is_kept(admin: Api, swift: str, blue: Project) -> None:
    answer = register(admin, service_id=swift, resource_name="containers", description="Boxes")
    assert answer.status_code == 201, answer.content
    (made,) = json.loads(answer.content)["registered_limits"]
    assert (made["service_id"], made["region_id"], made["description"]) == (swift, None, "Boxes")
    path = f"registered_limits/{made['id']}"
    assert json.loads(admin.get(path).content)["registered_limit"] == made
    assert registered(admin, "containers") == made
    assert json.loads(admin.get(f"registered_limits?service_id={swift}").content)["registered_limits"] == [
        made
    ]
    changed = admin.patch(path, registered_limit={"default_limit": 3, "description": ""})
    assert json.loads(changed.content)["registered_limit"] == made | {
        "default_limit": 3,
        "description": None,
    }
    assert admin.patch(path, registered_limit={"resource_name": "boxes"}).status_code == 400
    assert register(admin, service_id=swift, resource_name="containers").status_code == 409
    assert (
        register(admin, service_id=swift, resource_name="containers", region_id="RegionOne").status_code
        == 201
    )
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404


def test_a_project_and_a_domain_may_have_limits_of_their_own(
    admin: Api, member: Api, swift: str, blue: Project, red: Project
) -> None:
    given = {"service_id": swift, "resource_name": "containers", "resource_limit": 5}
    assert admin.post("limits", limits=[given | {"project_id": blue.id}]).status_code == 403, "unregistered"
    (made,) = json.loads(register(admin, service_id=swift, resource_name="containers").content)[
        "registered_limits"
    ]
    limits = []
    for place in ({"project_id": blue.id}, {"project_id": red.id}, {"domain_id": "default"}):
        answer = admin.post("limits", limits=[given | place | {"description": "More"}])
        assert answer.status_code == 201, answer.content
        (limit,) = json.loads(answer.content)["limits"]
        assert {name: limit[name] for name in place} == place
        limits.append(limit)
        assert admin.post("limits", limits=[given | place]).status_code == 409
    both = {"project_id": blue.id, "domain_id": "default"}
    assert admin.post("limits", limits=[given | both]).status_code == 400
    assert admin.post("limits", limits=[given]).status_code == 400
    set_limit(admin, blue, "cores", 3)
    assert [row["resource_name"] for row in rows(admin, "limits")] == ["cores"] + ["containers"] * 3
    assert [row["resource_name"] for row in rows(member, "limits")] == ["cores", "containers"]
    by_service = json.loads(admin.get(f"limits?service_id={swift}&domain_id=default").content)["limits"]
    assert by_service == [limits[2]]
    assert admin.delete(f"registered_limits/{made['id']}").status_code == 403
    path = f"limits/{limits[0]['id']}"
    answer = admin.patch(path, limit={"resource_limit": 7, "description": ""})
    assert json.loads(answer.content)["limit"] == limits[0] | {"resource_limit": 7, "description": None}
    assert member.get(path).status_code == 200
    assert member.get(f"limits/{limits[1]['id']}").status_code == 404
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404


def test_pages_lead_from_our_limits_to_those_of_others(admin: Api, swift: str, blue: Project) -> None:
    for name in ("cores", "instances"):
        set_limit(admin, blue, name, 3)
    for name in ("a", "b", "c"):
        register(admin, service_id=swift, resource_name=name)
        given = {"service_id": swift, "resource_name": name, "resource_limit": 5, "project_id": blue.id}
        admin.post("limits", limits=[given])
    everything = [row["id"] for row in rows(admin, "limits")]
    assert len(everything) == 5
    for size in (1, 2, 3, 5):
        seen: list[str] = []
        marker = ""
        while page := json.loads(admin.get(f"limits?limit={size}{marker}").content)["limits"]:
            assert len(page) <= size
            seen += [row["id"] for row in page]
            marker = f"&marker={seen[-1]}"
        assert seen == everything
    assert admin.get("limits?marker=unknown").status_code == 400


def test_our_own_resource_is_ours_under_our_services_id_too(admin: Api) -> None:
    compute = next(row for row in rows(admin, "services") if row["type"] == "compute")
    assert register(admin, service_id=compute["id"], resource_name="cores").status_code == 409
    assert register(admin, service_id=compute["id"], resource_name="gpus").status_code == 201


def test_limits_go_with_their_service(admin: Api, swift: str, blue: Project) -> None:
    register(admin, service_id=swift, resource_name="containers")
    given = {"service_id": swift, "resource_name": "containers", "resource_limit": 5, "project_id": blue.id}
    admin.post("limits", limits=[given])
    assert admin.delete(f"services/{swift}").status_code == 204
    assert rows(admin, "limits") == []
