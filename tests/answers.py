"""Holds every answer of the APIs against what its schema promises."""

import json

from django.http import HttpResponse
from django.urls import resolve
from jsonschema import Draft202012Validator

from accounts.openstack.contract import at
from accounts.openstack.discovery import Unknown
from accounts.openstack.microversions import HEADER, NONE, Version
from accounts.openstack.view import ApiView


def check(method: str, path: str, answer: HttpResponse) -> HttpResponse:
    """Return the answer if its schema fits; errors have the form of their service."""
    view: type[ApiView] = resolve(path.partition("?")[0]).func.cls
    if answer.status_code >= 400:
        promised = view.contract(method.lower()).answers.get(answer.status_code, view.api.error_schema)
    elif issubclass(view, Unknown):
        return answer
    else:
        answers = view.contract(method.lower()).answers
        assert answer.status_code in answers, f"{method} {path} promises {set(answers)}"
        promised = answers[answer.status_code]
    schema = at(promised, _version(answer))
    if schema is None or method == "HEAD":
        assert not answer.content
    elif not answer.content and (answer.status_code == 202 or "x-optional" in schema):
        return answer  # of the actions below one address, some answer more than that they have begun
    else:
        _fit(f"{method} {path} {answer.status_code}", schema, json.loads(answer.content))
    return answer


def _fit(call: str, schema: object, body: object) -> None:
    errors = list(Draft202012Validator(schema).iter_errors(body))
    assert not errors, f"{call}: {[(list(error.absolute_path), error.message) for error in errors]}"


def _version(answer: HttpResponse) -> Version:
    if HEADER not in answer:
        return NONE
    return Version(*map(int, answer[HEADER].partition(" ")[2].split(".")))
