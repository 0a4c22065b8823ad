"""Errors as Keystone's bodies, and what all APIs answer to which error."""

from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import JsonResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from accounts.errors import BadInput, Conflict, MeridianError, NotSignedIn, Unavailable


def of(error: Exception) -> JsonResponse | None:
    """The answer to an error that a person may read; None for bugs."""
    found = read(error)
    return answer(*found) if found else None


def read(error: Exception) -> tuple[int, str] | None:
    """Status and sentence of an error that a person may read; None for bugs."""
    if isinstance(error, IntegrityError):
        # Two asked for the same at once; whoever came first has it.
        error = Conflict(_("Somebody else did the same just now."))
    elif isinstance(error, OperationalError | InterfaceError):
        error = Unavailable()
    elif isinstance(error, RequestDataTooBig):
        return 413, _("The request is too large.")
    if isinstance(error, APIException):
        return error.status_code, str(error.detail)
    return (error.status, sentence(error)) if isinstance(error, MeridianError) else None


def answer(status: int, message: str) -> JsonResponse:
    """`{"error": {code, title, message}}` with the headers that belong to it."""
    error = {"code": status, "title": HTTPStatus(status).phrase, "message": message}
    return with_headers(JsonResponse({"error": error}, status=status))


def with_headers(response: JsonResponse) -> JsonResponse:
    """How to get in, or when to come again."""
    status = response.status_code
    if status == NotSignedIn.status:
        response["WWW-Authenticate"] = f'Keystone uri="{settings.PUBLIC_URL}/identity"'
    if status == Unavailable.status:
        response["Retry-After"] = "5"
    return response


def sentence(error: MeridianError) -> str:
    """What is wrong, naming each bad field."""
    fields = [f"{name}: {text}" for name, text in error.fields.items()]
    own = str(error) if not fields or not isinstance(error, BadInput) else ""
    return " ".join(filter(None, [own, *fields]))
