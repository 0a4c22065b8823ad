"""The APIs as one OpenAPI document, made of the routes and of the schemas that requests are checked by.

So it names exactly the routes and methods that exist.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import yaml
from django.conf import settings

from accounts.openstack.contract import Described, Versioned
from accounts.openstack.microversions import HEADER
from accounts.openstack.schema import Schema
from portal.api_calls import Operation, operations
from portal.apis import SERVICES


def document() -> dict[str, Any]:
    """Return the document in OpenAPI 3.1."""
    return _document(settings.PUBLIC_URL)


def text(form: str) -> str:
    """Return the document as `json` or `yaml`."""
    return _text(settings.PUBLIC_URL, form)


@lru_cache(2)
def _text(address: str, form: str) -> str:
    document = _document(address)
    if form == "json":
        return json.dumps(document, indent=1)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


@lru_cache(1)
def _document(address: str) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    schemas = Components()
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Meridian",
            "version": "3.14",
            "description": "Every API is an OpenStack API: clients of OpenStack work with it unchanged.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": address}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Auth-Token",
                    "description": "Issued by POST /identity/v3/auth/tokens, in the header X-Subject-Token.",
                }
            },
            "responses": {
                service.type: {
                    "description": "What is wrong, in a sentence for a person.",
                    "content": _json(_plain(service.error_schema)),
                }
                for service in SERVICES.values()
            },
            "schemas": schemas.by_name,
        },
    }


class Components:
    """The schemas of the document. Each stands once, for any number of calls."""

    def __init__(self) -> None:
        self.by_name: dict[str, Schema] = {}
        self._names: dict[int, tuple[str, Described]] = {}

    def refer(self, name: str, described: Described) -> Schema:
        """Return a reference. The schema gets the name of its first use."""
        entry = self._names.get(id(described))
        if entry is None:
            entry = self._names[id(described)] = (name, described)
            self.by_name[name] = _by_version(described)
        return {"$ref": f"#/components/schemas/{entry[0]}"}


def _operation(operation: Operation, schemas: Components) -> dict[str, Any]:
    contract = operation.contract
    name = operation.key
    document: dict[str, Any] = {
        "operationId": name,
        "summary": operation.summary,
        "tags": [operation.topic],
        "parameters": [*_path_parameters(operation), *_query(contract.query), *_headers(operation)],
        "responses": _responses(operation, name, schemas),
    }
    if operation.description:
        document["description"] = operation.description
    if contract.body is not None:
        document["requestBody"] = {
            "required": any(schema.get("required") for _name, schema in _versions(contract.body)),
            "content": _json(schemas.refer(f"{name}-body", contract.body)),
        }
    if not operation.needs_token:
        document["security"] = []
    return document


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"}
            | ({"enum": operation.choices[name]} if name in operation.choices else {}),
        }
        for name in operation.arguments
    ]


def _query(described: Described | None) -> list[dict[str, Any]]:
    """Return the parameters of all versions; one that some versions lack names its own."""
    properties: dict[str, tuple[Schema, list[str]]] = {}
    versions = list(_versions(described)) if described is not None else []
    for version, schema in versions:
        for name, inner in schema["properties"].items():
            properties.setdefault(name, (inner, []))[1].append(version)
    return [
        {"name": name, "in": "query", "schema": _plain(inner)}
        | (
            {"description": f"Microversions {', '.join(versions_of_parameter)}."}
            if len(versions_of_parameter) < len(versions)
            else {}
        )
        for name, (inner, versions_of_parameter) in properties.items()
    ]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    versions = operation.view.api.microversions
    if versions is None:
        return []
    return [
        {
            "name": HEADER,
            "in": "header",
            "schema": {"type": "string", "examples": [f"{versions.service} {versions.newest}"]},
            "description": f"The microversion, from {versions.oldest} to {versions.newest}.",
        }
    ]


def _responses(operation: Operation, name: str, schemas: Components) -> dict[str, Any]:
    answers: Mapping[int, Described | None] = operation.contract.answers
    responses: dict[str, Any] = {}
    for status, described in answers.items():
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if described is not None and operation.method != "head":
            responses[str(status)]["content"] = _json(schemas.refer(f"{name}-{status}", described))
    return responses | {"4XX": {"$ref": f"#/components/responses/{operation.view.api.type}"}}


def _versions(described: Described) -> Iterable[tuple[str, Schema]]:
    """Yield the microversions and the schema of each."""
    if not isinstance(described, Versioned):
        yield "all", described
        return
    for since, until, schema in described.ranges:
        yield f"2.{since} to 2.{until}" if until else f"since 2.{since}", schema


def _by_version(described: Described) -> Schema:
    if not isinstance(described, Versioned):
        return _plain(described)
    return {
        "anyOf": [
            {"title": f"Microversions {name}", **_plain(schema)} for name, schema in _versions(described)
        ]
    }


def _plain(value: Any) -> Any:
    """Return the schema without our own sentences."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items() if name != "x-error"}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _json(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
