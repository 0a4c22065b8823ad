"""Endpoints that are chosen for a project, and what of the catalog its tokens name then."""

from typing import Any

import pytest

from accounts.models import Project, User
from tests.accounts.api.identity_calls import Api, api_of, make, read

pytestmark = pytest.mark.django_db
FILTER = "OS-EP-FILTER"


@pytest.fixture
def objects(admin: Api) -> list[str]:
    """The ids of two endpoints of another service."""
    service = make(admin, "services", type="object-store", name="swift")
    given = {"service_id": service["id"], "url": "http://192.0.2.1"}
    return [
        read(admin.post("endpoints", endpoint=given | {"interface": interface}))["endpoint"]["id"]
        for interface in ("public", "internal")
    ]


def catalog(api: Api) -> dict[str, set[str]]:
    """{type of a service: ids of its endpoints} as a token of this project has them."""
    entries = read(api.get("auth/catalog"))["catalog"]
    return {entry["type"]: {row["id"] for row in entry["endpoints"]} for entry in entries}


def ids(answer: Any, plural: str) -> set[str]:
    return {row["id"] for row in read(answer)[plural]}


def test_a_project_sees_all_until_some_are_chosen(
    admin: Api, member: Api, bob: User, blue: Project, red: Project, objects: list[str]
) -> None:
    everything = catalog(member)
    assert set(everything) > {"object-store", "identity"}
    path = f"{FILTER}/projects/{blue.id}/endpoints"
    assert admin.get(f"{path}/{objects[0]}").status_code == 404
    assert admin.put(f"{path}/{objects[0]}").status_code == 204
    assert admin.put(f"{path}/{objects[0]}").status_code == 409
    assert admin.get(f"{path}/{objects[0]}").status_code == 204
    assert admin.call("HEAD", f"{path}/{objects[0]}").status_code == 204
    assert ids(admin.get(path), "endpoints") == {objects[0]}
    assert ids(admin.get(f"{FILTER}/endpoints/{objects[0]}/projects"), "projects") == {blue.id}
    # The next request knows, and no other project does.
    assert catalog(member) == {"object-store": {objects[0]}}
    assert catalog(api_of(bob, red)) == everything
    assert admin.delete(f"{path}/{objects[0]}").status_code == 204
    assert admin.delete(f"{path}/{objects[0]}").status_code == 404
    assert catalog(member) == everything


def test_a_group_chooses_what_matches(admin: Api, member: Api, blue: Project, objects: list[str]) -> None:
    service = read(admin.get(f"endpoints/{objects[0]}"))["endpoint"]["service_id"]
    filters = {"service_id": service, "interface": "public"}
    answer = admin.post(f"{FILTER}/endpoint_groups", endpoint_group={"name": "doors", "filters": filters})
    group = read(answer)["endpoint_group"]
    assert answer.status_code == 201
    assert (group["name"], group["description"], group["filters"]) == ("doors", "", filters)
    assert group["links"]["self"].endswith(f"/v3/{FILTER}/endpoint_groups/{group['id']}")
    path = f"{FILTER}/endpoint_groups/{group['id']}"
    assert ids(admin.get(f"{path}/endpoints"), "endpoints") == {objects[0]}
    assert admin.get(f"{path}/projects/{blue.id}").status_code == 404
    assert admin.put(f"{path}/projects/{blue.id}").status_code == 204
    assert admin.put(f"{path}/projects/{blue.id}").status_code == 409
    assert read(admin.get(f"{path}/projects/{blue.id}"))["project"]["id"] == blue.id
    assert ids(admin.get(f"{path}/projects"), "projects") == {blue.id}
    assert ids(admin.get(f"{FILTER}/projects/{blue.id}/endpoint_groups"), "endpoint_groups") == {group["id"]}
    assert ids(admin.get(f"{FILTER}/projects/{blue.id}/endpoints"), "endpoints") == {objects[0]}
    assert catalog(member) == {"object-store": {objects[0]}}
    admin.patch(path, endpoint_group={"filters": {"service_id": service}})
    assert catalog(member) == {"object-store": set(objects)}
    assert ids(admin.get(f"{FILTER}/endpoint_groups?name=doors"), "endpoint_groups") == {group["id"]}
    assert ids(admin.get(f"{FILTER}/endpoint_groups?name=windows"), "endpoint_groups") == set()
    assert admin.delete(f"{path}/projects/{blue.id}").status_code == 204
    assert admin.delete(f"{path}/projects/{blue.id}").status_code == 404
    assert "identity" in catalog(member)
    assert admin.delete(path).status_code == 204
    assert admin.get(path).status_code == 404


@pytest.mark.parametrize("filters", [{"url": "x"}, {"service_id": 1}, [], None, {"pk__in": [1]}], ids=repr)
def test_filters_name_columns_that_keystone_knows(admin: Api, filters: Any) -> None:
    answer = admin.post(f"{FILTER}/endpoint_groups", endpoint_group={"name": "doors", "filters": filters})
    assert answer.status_code == 400
    assert b"filters" in answer.content


def test_what_is_not_there(admin: Api, blue: Project, objects: list[str]) -> None:
    for path in (
        f"projects/unknown/endpoints/{objects[0]}",
        f"projects/{blue.id}/endpoints/unknown",
        f"endpoint_groups/unknown/projects/{blue.id}",
    ):
        assert admin.put(f"{FILTER}/{path}").status_code == 404
