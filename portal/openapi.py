"""The APIs as one OpenAPI document, written from the URL configuration and the views' own words.

So it names every route and method that there is, and none that there is not.
"""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern
from django.utils.regex_helper import normalize

from accounts.api.base import Collection, Member
from accounts.openstack.discovery import Unknown
from accounts.openstack.view import ApiView
from portal.apis import PREFIXES

METHODS = ("get", "head", "post", "put", "patch", "delete")
DOES = {
    "get": "Show",
    "head": "Check",
    "post": "Create",
    "put": "Set",
    "patch": "Change",
    "delete": "Delete",
}
TOPICS = {"auth": "tokens", "system": "role grants on the system", "OS-INHERIT": "inherited role grants"}
"""Addresses that do not begin with the name of a resource."""

WITH_BODY = {"post", "put", "patch"}
ALTERNATIVES = re.compile(r"\(\?P<(\w+)>([a-z]+(?:\|[a-z]+)+)\)")
VERSION = re.compile(r"v\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one route. `choices`: the words that an argument may be, where only some may."""

    name: str
    method: str
    path: str
    arguments: tuple[str, ...]
    choices: dict[str, list[str]]
    view: type[ApiView]

    @property
    def topic(self) -> str:
        """The resource that the address begins with, below the version."""
        words = [part for part in self.path.split("/")[2:] if part and not VERSION.match(part)]
        if not words:
            return "versions"
        return "role grants" if "{" in words[0] else TOPICS.get(words[0], _spaced(words[0]))

    @property
    def summary(self) -> str:
        """What it does, in few words: the method's own, else from the address, whose last word names the thing."""
        if own := inspect.getdoc(vars(self.view).get(self.method)):
            return own.partition("\n")[0].rstrip(".")
        parts = [part for part in self.path.split("/")[2:] if part and not VERSION.match(part)]
        things = [part for part in parts if "{" not in part] or ["versions"]
        if issubclass(self.view, Collection | Member):
            thing = self.view.resource.noun
            several = self.view.resource.plural
        else:
            several = things[-1]
            thing = several.removesuffix("s")
        is_list = self.method == "get" and not (parts and "{" in parts[-1])
        return f"{'List' if is_list else DOES[self.method]} {_spaced(several if is_list else thing)}"

    @property
    def description(self) -> str:
        """What the view says of all its methods."""
        return inspect.cleandoc(vars(self.view).get("__doc__") or "")

    @property
    def needs_token(self) -> bool:
        return not self.view.anonymous and (self.name, self.method) != ("identity-tokens", "post")


def operations() -> list[Operation]:
    """Every one of the APIs below `PREFIXES`, in the order of the URL configuration."""
    return [
        Operation(
            name=str(pattern.name),
            method=method,
            path=path,
            arguments=arguments,
            choices={name: words.split("|") for name, words in ALTERNATIVES.findall(str(pattern.pattern))},
            view=view,
        )
        for prefix, pattern in _patterns(get_resolver().url_patterns, "/")
        if not issubclass(view := getattr(pattern.callback, "cls", Unknown), Unknown)
        for path, arguments in [_path(prefix, pattern)]
        for method in METHODS
        if hasattr(view, method)
    ]


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Meridian",
            "version": "3.14",
            "description": "Every API is an OpenStack API: clients of OpenStack work with it unchanged.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.PUBLIC_URL}],
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
                "Error": {
                    "description": "What is wrong, in a sentence for a person.",
                    "content": _json({"$ref": "#/components/schemas/Error"}),
                }
            },
            "schemas": {"Error": _ERROR},
        },
    }


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "title", "message"],
            "properties": {
                "code": {"type": "integer"},
                "title": {"type": "string"},
                "message": {"type": "string"},
            },
        }
    },
}
_LINKS = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": f"{operation.name}-{operation.method}",
        "summary": operation.summary,
        "tags": [operation.topic],
        "parameters": [*_path_parameters(operation), *_filters(operation)],
        "responses": _responses(operation),
    }
    if operation.description:
        found["description"] = operation.description
    if operation.method in WITH_BODY:
        found["requestBody"] = {"content": _json(_body(operation))}
    if not operation.needs_token:
        found["security"] = []
    return found


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


def _filters(operation: Operation) -> list[dict[str, Any]]:
    """What a list can be asked for."""
    if operation.method != "get" or not issubclass(operation.view, Collection):
        return []
    resource = operation.view.resource
    kinds = (
        dict.fromkeys(resource.texts, "string")
        | dict.fromkeys(resource.flags, "boolean")
        | {"limit": "integer", "marker": "string"}
    )
    return [{"name": name, "in": "query", "schema": {"type": kind}} for name, kind in kinds.items()]


def _body(operation: Operation) -> dict[str, Any]:
    if not issubclass(operation.view, Collection | Member):
        return {"type": "object"}
    return _holding(operation.view.resource.noun, {"type": "object"})


def _responses(operation: Operation) -> dict[str, Any]:
    """Of plain views only that they succeed; of resources what they hold."""
    view, error = operation.view, {"$ref": "#/components/responses/Error"}
    errors = {"4XX": error}
    if not issubclass(view, Collection | Member) or operation.method == "put":
        status = (
            "3XX" if operation.name in {"identity", "identity-versions", "image", "image-versions"} else "2XX"
        )
        return {status: {"description": "Done."}} | errors
    resource = view.resource
    if operation.method == "delete":
        return {"204": {"description": "Gone."}} | errors
    row: dict[str, Any] = {"type": "object"}
    if issubclass(view, Collection) and operation.method != "post":
        schema = _holding(resource.plural, {"type": "array", "items": row})
        schema["properties"]["links"] = _LINKS
    else:
        schema = _holding(resource.noun, row)
    status = "201" if operation.method == "post" else "200"
    return {status: {"description": "Done.", "content": _json(schema)}} | errors


def _holding(name: str, inner: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [name], "properties": {name: inner}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _patterns(patterns: list[Any], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        here = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            # A regular expression includes what has an address of its own already.
            if isinstance(pattern.pattern, RegexPattern):
                continue
            if prefix != "/" or here.rstrip("/") in PREFIXES:
                yield from _patterns(pattern.url_patterns, here)
        elif prefix != "/" or here.rstrip("/") in PREFIXES:
            yield prefix, pattern


def _path(prefix: str, pattern: URLPattern) -> tuple[str, tuple[str, ...]]:
    form, arguments = normalize(pattern.pattern.regex.pattern)[0]
    for name in arguments:
        form = form.replace(f"%({name})s", f"{{{name}}}")
    return prefix + form, tuple(arguments)


def _spaced(word: str) -> str:
    return word.replace("_", " ")
