"""Whatever an API is sent, in whichever field, it answers with an error that says what is wrong, never with a bug."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse, QueryDict
from django.test import Client

from accounts.errors import BadInput
from accounts.models import Project, User
from accounts.openstack import validation
from accounts.openstack.contract import at
from accounts.openstack.microversions import Version
from accounts.openstack.schema import Schema
from compute.api.microversions import NEWEST
from compute.instances.models import Instance
from compute.networks.models import Network
from compute.volumes.api import microversions as volumes
from portal import api_calls
from tests import answers, factories, hostile, schema_samples
from tests.accounts.api.identity_calls import api_of
from tests.kept_rows import undone
from tests.proof import examples

pytestmark = pytest.mark.django_db

WITH_BODY = [
    operation for operation in api_calls.operations() if operation.view.contract(operation.method).body
]
WITH_QUERY = [
    operation for operation in api_calls.operations() if operation.view.contract(operation.method).query
]
EACH_RUN = slice(None, None, 4)
"""The proof sends everything to every call, each run to every fourth: they have one validation."""


@pytest.fixture
def things(root: User, blue: Project) -> dict[str, str]:
    """What addresses may name."""
    network: Network = factories.NetworkFactory()
    server: Instance = factories.InstanceFactory(project=blue, hypervisor=factories.HypervisorFactory())
    factories.PortFactory(instance=server, network=network)
    return {"servers": str(server.pk), "flavors": server.flavor_id, "users": root.id, "projects": blue.id}


def version_of(operation: api_calls.Operation) -> Version:
    """Return the newest version that has the operation."""
    return getattr(operation.view, "until", None) or NEWEST


def call(operation: api_calls.Operation, root: User, blue: Project, things: dict[str, str]) -> Any:
    """Return a function that sends a raw body, or a query, to the operation."""
    path = operation.path
    for name, choices in operation.choices.items():
        path = path.replace(f"{{{name}}}", choices[0])
    words = path.split("/")
    path = "/".join(
        things.get(words[place - 1], "1") if word.startswith("{") else word
        for place, word in enumerate(words)
    )
    token = api_of(root, blue).token or ""
    versions = f"compute {version_of(operation)}, volume {volumes.NEWEST}"
    headers = {"X-Auth-Token": token, "OpenStack-API-Version": versions}
    client = Client()

    def send(raw: bytes = b"", query: str = "") -> HttpResponse:
        address = f"{path}?{query}" if query else path
        with undone():
            answer = client.generic(
                operation.method.upper(), address, raw, content_type="application/json", headers=headers
            )
        assert answer.status_code < 500 or answer.status_code == 501, (raw[:200], answer.content)
        return answers.check(operation.method.upper(), path, answer)

    return send


@pytest.mark.parametrize(
    "operation",
    examples(WITH_BODY, *WITH_BODY[EACH_RUN]),
    ids=lambda one: f"{one.method} {one.path}",
)
def test_every_field_takes_only_what_it_can(
    operation: api_calls.Operation, root: User, blue: Project, things: dict[str, str]
) -> None:
    """Each place of a good body holds each strange value once. What the schema refuses is sent once for each place."""
    send = call(operation, root, blue, things)
    schema = at(operation.view.contract(operation.method).body, version_of(operation))
    assert schema is not None
    body = schema_samples.good(schema)
    for path in schema_samples.places(body):
        refused = False
        for value in (*hostile.VALUES.values(), hostile.deep()):
            wrong = schema_samples.changed(body, path, value)
            if not isinstance(wrong, dict) or not fits(validation.enforce, schema, wrong):
                if refused:
                    continue
                refused = True
            answer = send(json.dumps(wrong).replace("Infinity", "1e999").encode())
            if answer.status_code == 400:
                assert len(answer.content) < 4000, "an error repeats what was sent"
    other = b"{}" if schema["type"] == "array" else b"[]"
    for raw in (b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}', b"7", other, b"null", b'"x"'):
        assert send(raw).status_code == 400


def fits(enforce: Callable[[Schema, Any], None], schema: Schema, value: object) -> bool:
    try:
        enforce(schema, value)
    except BadInput:
        return False
    return True


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda one: f"{one.method} {one.path}")
def test_a_missing_body_is_told(
    operation: api_calls.Operation, root: User, blue: Project, things: dict[str, str]
) -> None:
    schema = at(operation.view.contract(operation.method).body, version_of(operation))
    answer = call(operation, root, blue, things)(b"{}")
    if required := (schema or {}).get("required"):
        assert answer.status_code == 400
        assert all(name in answer.content.decode() for name in required)


@pytest.mark.parametrize(
    "operation",
    examples(WITH_QUERY, *WITH_QUERY[EACH_RUN]),
    ids=lambda one: f"{one.method} {one.path}",
)
def test_every_parameter_takes_only_what_it_can(
    operation: api_calls.Operation, root: User, blue: Project, things: dict[str, str]
) -> None:
    """Each parameter has each strange value once. What the schema refuses is sent once for each parameter."""
    send = call(operation, root, blue, things)
    schema = at(operation.view.contract(operation.method).query, version_of(operation))
    assert schema is not None
    names = [name for name in schema["properties"] if name.count("__") == name.count("__contains")]
    for name in names:
        refused = False
        for value in ("", "%00", "%ED%A0%80", "%FF", "-1", "1e999", "9" * 400, "x" * 2000, "[", "a&" + name):
            query = f"{name}={value}"
            if not fits(validation.enforce_query, schema, dict(QueryDict(query).lists())):
                if refused:
                    continue
                refused = True
            send(query=query)


def noting(method: Any, reads: set[str]) -> Any:
    """Return the method of a query, which notes the parameters that are read."""

    def read(query: QueryDict, name: str, *more: Any, **named: Any) -> Any:
        reads.add(name)
        return method(query, name, *more, **named)

    return read


@pytest.mark.parametrize("operation", WITH_QUERY, ids=lambda one: f"{one.method} {one.path}")
def test_no_documented_parameter_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
    operation: api_calls.Operation,
    root: User,
    blue: Project,
    things: dict[str, str],
) -> None:
    """Each is read, or its value is refused under its name. The schema itself reads the query by other methods."""
    send = call(operation, root, blue, things)
    schema = at(operation.view.contract(operation.method).query, version_of(operation))
    assert schema is not None
    reads: set[str] = set()
    for method in ("__getitem__", "__contains__", "get", "getlist"):
        monkeypatch.setattr(QueryDict, method, noting(getattr(QueryDict, method), reads))
    for name, of_one in schema["properties"].items():
        reads.clear()
        answer = send(query=urlencode({name: schema_samples.good(of_one)}))
        assert name in reads or (answer.status_code == 400 and name in answer.content.decode()), name
