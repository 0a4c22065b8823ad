"""The document of all APIs: complete, valid, and readable by programs and people."""

import json

import pytest
import yaml
from django.test import Client
from django.urls import URLResolver, get_resolver
from openapi_spec_validator import validate

from accounts.models import User
from portal import openapi
from portal.apis import PREFIXES
from tests.accounts.api.identity_routes import METHODS, calls

pytestmark = pytest.mark.django_db


def test_it_keeps_to_openapi() -> None:
    validate(openapi.document())


def test_it_names_every_route_and_method() -> None:
    wanted = {(call.path, call.method.lower()) for call in calls()} | {("/identity", "get")}
    told = {(operation.path, operation.method) for operation in openapi.operations()}
    identity = {(path, method) for path, method in told if path.startswith("/identity") and method in METHODS}
    assert identity == wanted
    paths = openapi.document()["paths"]
    assert {(path, method) for path, methods in paths.items() for method in methods} == told


def test_no_api_is_left_out() -> None:
    """Whatever the URL configuration includes below an API's address is in the document."""
    included = {
        f"/{pattern.pattern}".rstrip("/")
        for pattern in get_resolver().url_patterns
        if isinstance(pattern, URLResolver)
    }
    assert included == set(PREFIXES)
    for prefix in PREFIXES:
        assert any(path.startswith(f"{prefix}/") for path in openapi.document()["paths"])


def test_every_call_says_what_it_does_under_a_name_of_its_own() -> None:
    found = [operation for item in openapi.document()["paths"].values() for operation in item.values()]
    assert all(operation["summary"] for operation in found)
    assert len({operation["operationId"] for operation in found}) == len(found)


def test_programs_read_it_without_signing_in(client: Client) -> None:
    answer = client.get("/api/schema/")
    assert answer["Content-Type"] == "application/json"
    document = json.loads(answer.content)
    for given in ({"format": "yaml"}, {}):
        answer = client.get("/api/schema/", given, headers={"Accept": "application/yaml"})
        assert answer["Content-Type"] == "application/yaml"
        assert yaml.safe_load(answer.content) == document


def test_people_read_it(alice: User, client: Client) -> None:
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    text = client.get("/api/").content.decode()
    for operation in openapi.operations():
        assert f">{operation.path}<" in text
