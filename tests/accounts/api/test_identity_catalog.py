"""Regions, services and endpoints by the Identity API, and the catalog that they make."""

from typing import Any

import pytest

from accounts.models import Project, Region, User
from tests.accounts.api.identity_calls import Api, api_of, make, read

pytestmark = pytest.mark.django_db


def test_endpoints(admin: Api) -> None:
    service = make(admin, "services")
    given = {"interface": "public", "url": "http://192.0.2.1/v1", "service_id": service["id"]}
    made = read(admin.post("endpoints", endpoint=given | {"region_id": "RegionOne"}))["endpoint"]
    assert set(made) == {
        "id",
        "interface",
        "region",
        "region_id",
        "service_id",
        "url",
        "enabled",
        "links",
    }
    assert admin.delete("regions/RegionOne").status_code == 409
    for wrong in (
        {"interface": "x"},
        {"interface": None},
        {"url": "ftp://x"},
        {"url": "javascript:alert(1)"},
        {"url": None},
        {"service_id": None},
        {"enabled": "False"},
    ):
        assert admin.post("endpoints", endpoint=given | wrong).status_code == 400, wrong
    assert read(admin.post("endpoints", endpoint=given | {"region": "new"}))["endpoint"]["region_id"] == "new"
    for unknown in ({"service_id": "x"}, {"region_id": "x"}):
        assert admin.post("endpoints", endpoint=given | unknown).status_code == 404
    query = f"service_id={service['id']}&interface=public&region_id=RegionOne"
    assert read(admin.get(f"endpoints?{query}"))["endpoints"] == [made]
    assert admin.delete(f"services/{service['id']}").status_code == 204
    assert admin.get(f"endpoints/{made['id']}").status_code == 404


def test_our_own_endpoint_follows_the_address(admin: Api, settings: Any) -> None:
    def identity() -> Any:
        catalog = read(admin.get("auth/catalog"))["catalog"]
        return next(entry for entry in catalog if entry["type"] == "identity")

    entry = identity()
    settings.PUBLIC_URL = "https://cloud.example.org"
    moved = identity()
    assert entry["endpoints"][0]["url"] == "http://localhost:8000/identity"
    assert moved["endpoints"][0]["url"] == "https://cloud.example.org/identity"
    key = moved["endpoints"][0]["id"]
    admin.patch(f"endpoints/{key}", endpoint={"url": "https://cloud.example.org/identity"})
    settings.PUBLIC_URL = "http://localhost:8000"
    assert read(admin.get(f"endpoints/{key}"))["endpoint"]["url"] == "http://localhost:8000/identity"


def test_a_service_without_endpoints_stands_in_the_catalog(admin: Api) -> None:
    key = make(admin, "services")["id"]
    entries = {entry["id"]: entry for entry in read(admin.get("auth/catalog"))["catalog"]}
    assert entries[key]["endpoints"] == []


@pytest.mark.parametrize("key", ["tb/r", "..", "."])
def test_a_region_has_an_id_that_addresses_can_carry(admin: Api, key: str) -> None:
    assert admin.post("regions", region={"id": key}).status_code == 400
    assert not Region.objects.filter(pk=key).exists()


def test_a_region_is_not_below_itself(admin: Api) -> None:
    make(admin, "regions")
    assert admin.patch("regions/new", region={"parent_region_id": "new"}).status_code == 400
    assert admin.patch("regions/new", region={"parent_region_id": "RegionOne"}).status_code == 200
    assert admin.patch("regions/RegionOne", region={"parent_region_id": "new"}).status_code == 400
    assert Region.objects.get(pk="RegionOne").parent is None


@pytest.mark.parametrize("place", ["%(tenant_id)s", "%(project_id)s", "$(project_id)s", "$(user_id)s"])
def test_addresses_are_filled_in_for_each_token(place: str, admin: Api, root: User, blue: Project) -> None:
    service = make(admin, "services")
    given = {"service_id": service["id"], "interface": "public", "url": f"http://192.0.2.1/v1/AUTH_{place}"}
    made = read(admin.post("endpoints", endpoint=given))["endpoint"]
    assert made["url"] == given["url"]
    own = root.id if "user" in place else blue.id

    def addresses(api: Api) -> list[str]:
        entries = read(api.get("auth/catalog"))["catalog"]
        return [
            endpoint["url"] for entry in entries for endpoint in entry["endpoints"] if entry["type"] == "new"
        ]

    assert addresses(admin) == [f"http://192.0.2.1/v1/AUTH_{own}"]
    # A token of the system has no project, and so no such address.
    assert addresses(api_of(root, system=True)) == (
        [f"http://192.0.2.1/v1/AUTH_{own}"] if "user" in place else []
    )
    assert (
        admin.patch(f"endpoints/{made['id']}", endpoint={"url": "http://x/%(shoe_size)s"}).status_code == 400
    )
