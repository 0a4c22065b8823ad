"""Every call of the APIs, read from the URL configuration and the views' docstrings."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern
from django.utils.regex_helper import normalize

from accounts.api.base import Collection, Member
from accounts.openstack.contract import Contract
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

ALTERNATIVES = re.compile(r"\(\?P<(\w+)>([a-z]+(?:\|[a-z]+)+)\)")
VERSION = re.compile(r"v\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method of a route. `choices` are the possible values of the arguments that have a closed set."""

    name: str
    method: str
    path: str
    arguments: tuple[str, ...]
    choices: dict[str, list[str]]
    view: type[ApiView]

    @property
    def key(self) -> str:
        """Return the name that no other call has."""
        return f"{self.name}-{self.method}"

    @property
    def text(self) -> str:
        """Return what a search looks through, in lower case."""
        return f"{self.method} {self.path} {self.summary} {self.topic}".lower()

    @property
    def topic(self) -> str:
        """Return the resource that the address begins with, below the version."""
        words = [part for part in self.path.split("/")[2:] if part and not VERSION.match(part)]
        if not words:
            return "versions"
        return "role grants" if "{" in words[0] else TOPICS.get(words[0], _spaced(words[0]))

    @property
    def summary(self) -> str:
        """Return the first line of the method's docstring, else a summary from the address."""
        if docstring := inspect.getdoc(vars(self.view).get(self.method)):
            return docstring.partition("\n")[0].rstrip(".")
        parts = [part for part in self.path.split("/")[2:] if part and not VERSION.match(part)]
        nouns = [part for part in parts if "{" not in part] or ["versions"]
        if issubclass(self.view, Collection | Member):
            singular = self.view.resource.noun
            plural = self.view.resource.plural
        else:
            plural = nouns[-1]
            singular = plural.removesuffix("s")
        is_list = self.method == "get" and not (parts and "{" in parts[-1])
        return f"{'List' if is_list else DOES[self.method]} {_spaced(plural if is_list else singular)}"

    @property
    def description(self) -> str:
        """Return the docstring of the view."""
        return inspect.cleandoc(vars(self.view).get("__doc__") or "")

    @property
    def contract(self) -> Contract:
        """Return the schemas of what it takes and answers."""
        return self.view.contract(self.method)

    @property
    def needs_token(self) -> bool:
        return not self.view.anonymous and (self.name, self.method) != ("identity-tokens", "post")


def operations() -> list[Operation]:
    """Return every call of the APIs, in the order of the URL configuration."""
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


def _patterns(patterns: list[Any], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        address = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            # A regular expression includes views that have an address of their own already.
            if isinstance(pattern.pattern, RegexPattern):
                continue
            if prefix != "/" or address.rstrip("/") in PREFIXES:
                yield from _patterns(pattern.url_patterns, address)
        elif prefix != "/" or address.rstrip("/") in PREFIXES:
            yield prefix, pattern


def _path(prefix: str, pattern: URLPattern) -> tuple[str, tuple[str, ...]]:
    form, arguments = normalize(pattern.pattern.regex.pattern)[0]
    for name in arguments:
        form = form.replace(f"%({name})s", f"{{{name}}}")
    return prefix + form, tuple(arguments)


def _spaced(word: str) -> str:
    return word.replace("_", " ")
