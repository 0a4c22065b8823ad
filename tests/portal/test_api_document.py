"""The document of all APIs: complete, valid, and readable by programs and people."""

import json

import pytest
import yaml
from django.test import Client
from django.urls import URLResolver, get_resolver
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from accounts.models import User
from accounts.openstack import validation
from accounts.openstack.contract import Described, Versioned
from accounts.openstack.schema import Schema
from portal import api_calls, api_reference, openapi
from portal.apis import PREFIXES
from tests.accounts.api.identity_routes import METHODS, calls

pytestmark = pytest.mark.django_db


@pytest.mark.proof
def test_it_keeps_to_openapi() -> None:
    validate(openapi.document())


def test_it_names_every_route_and_method() -> None:
    wanted = {(call.path, call.method.lower()) for call in calls()} | {("/identity", "get")}
    told = {(operation.path, operation.method) for operation in api_calls.operations()}
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


WITH_BODY = {"post", "put", "patch"}
WITHOUT_BODY = {
    "compute-server-tag",
    "identity-grant",
    "identity-group-user",
    "identity-inherited-grant",
    "identity-endpoint-group-project",
    "identity-project-endpoint",
    "identity-project-tag",
    "identity-role-implies",
    "identity-system-grant",
    "image-image-activation",
    "image-image-file",
    "image-image-stage",
    "image-image-tag",
}
"""What PUT and POST write at these addresses stands in the address, or is data as they are."""

sound: set[int] = set()
"""The schemas that were checked already, all constants of modules."""


@pytest.mark.parametrize("operation", api_calls.operations(), ids=lambda one: f"{one.method} {one.path}")
def test_every_call_describes_what_it_takes_and_answers(operation: api_calls.Operation) -> None:
    """Every schema is sound; every property of a request says of which kind it is, or that it may be any."""
    contract = operation.contract
    assert contract.answers
    takes_body = operation.method in WITH_BODY and operation.name not in WITHOUT_BODY
    assert (contract.body is not None) == takes_body
    for described in (contract.body, contract.query, *contract.answers.values()):
        for schema in every_version(described):
            if id(schema) not in sound:  # many calls share one
                Draft202012Validator.check_schema(schema)
                validation.validator(schema)
                sound.add(id(schema))
    told = openapi.document()["paths"][operation.path][operation.method]
    assert ("requestBody" in told) == takes_body
    assert set(told["responses"]) == {str(status) for status in contract.answers} | {"4XX"}
    for answer in contract.answers.values():
        assert all(schema for schema in every_version(answer))


def every_version(described: Described | None) -> list[Schema]:
    if isinstance(described, Versioned):
        return [schema for _since, _until, schema in described.ranges]
    return [] if described is None else [described]


@pytest.mark.parametrize("operation", api_calls.operations(), ids=lambda one: f"{one.method} {one.path}")
def test_versions_follow_each_other(operation: api_calls.Operation) -> None:
    """Every microversion has exactly one schema, from the first that knows the call to the newest."""
    contract = operation.contract
    for described in (contract.body, contract.query, *contract.answers.values()):
        if isinstance(described, Versioned):
            starts = [since for since, _until, _schema in described.ranges]
            ends = [until for _since, until, _schema in described.ranges]
            assert starts == sorted(set(starts))
            assert ends == [*(start - 1 for start in starts[1:]), None]


def test_our_own_sentences_stay_out_of_it() -> None:
    assert "x-error" not in openapi.text("json")


def test_programs_read_it_without_signing_in(client: Client) -> None:
    answer = client.get("/api/schema/")
    assert answer["Content-Type"] == "application/json"
    document = json.loads(answer.content)
    for given in ({"format": "yaml"}, {}):
        answer = client.get("/api/schema/", given, headers={"Accept": "application/yaml"})
        assert answer["Content-Type"] == "application/yaml"
        assert yaml.load(answer.content, yaml.CSafeLoader) == document


def test_people_read_it(alice: User, client: Client) -> None:
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    text = client.get("/api/").content.decode()
    for operation in api_calls.operations():
        assert f">{operation.path}<" in text


@pytest.mark.parametrize("operation", api_calls.operations(), ids=lambda one: f"{one.method} {one.path}")
def test_every_example_is_valid(operation: api_calls.Operation) -> None:
    """What people copy from the reference is what the schemas take and answer."""
    contract = operation.contract
    for described in (contract.body, *contract.answers.values()):
        if (schema := api_reference.newest(described)) is not None:
            validation.enforce(schema, api_reference.example(schema))
            validation.enforce(schema, api_reference.example(schema, whole=False))
    command = api_reference.request_example(operation)
    assert not any(f"{{{name}}}" in command for name in operation.arguments)
    assert ("-d '" in command) == (contract.body is not None)


def test_a_call_tells_its_parameters(alice: User, client: Client) -> None:
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    text = " ".join(client.get("/api/calls/compute-servers-post/").content.decode().split())
    for told in (
        "server.name",
        "1 to 255 characters",
        "server.networks[].uuid",
        "since 2.52",
        "curl -X POST",
    ):
        assert told in text
    rows = {row.name: row for row in api_reference.parameters(_operation("compute-servers-post"))}
    assert rows["server.flavorRef"].required
    assert not rows["server.tags"].required
    assert "server.personality" not in rows  # nothing but an empty value is allowed
    assert client.get("/api/calls/nothing/").status_code == 404


def _operation(key: str) -> api_calls.Operation:
    return next(each for each in api_calls.operations() if each.key == key)


@pytest.mark.parametrize(
    ("search", "path"), [("create server post", "/compute/v2.1/servers"), ("", "/identity/v3/users")]
)
def test_calls_are_searched_by_all_their_words(alice: User, client: Client, search: str, path: str) -> None:
    client.force_login(alice, backend="accounts.authentication.PasswordBackend")
    assert f">{path}<" in client.get("/api/", {"search": search}).content.decode()
    assert "No matches" in client.get("/api/", {"search": f"{search} nothing-like-it"}).content.decode()
