"""Errors of the APIs as statuses and sentences."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import JsonResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from accounts.errors import BadInput, Conflict, LockedOut, MeridianError, NotSignedIn, Unavailable
from accounts.integrity import is_unique_violation


def describe(error: Exception) -> tuple[int, str] | None:
    """Return status and sentence of an error that a person may read; None for a bug, which is logged."""
    if isinstance(error, IntegrityError) and is_unique_violation(error):
        # Two requests created the same at once; the first has it.
        error = Conflict(_("Somebody else did the same just now."))
    elif isinstance(error, DataError):
        # The database cannot parse a value, such as an expression that only Python understands.
        error = BadInput()
    elif isinstance(error, OperationalError | InterfaceError):
        error = Unavailable()
    elif isinstance(error, LockedOut):
        error = NotSignedIn()  # an answer of its own would tell that the name is worth guessing
    elif isinstance(error, RequestDataTooBig):
        return 413, _("The request is too large.")
    if isinstance(error, APIException):
        return error.status_code, str(error.detail)
    return (error.status, sentence(error)) if isinstance(error, MeridianError) else None


def with_headers(response: JsonResponse) -> JsonResponse:
    """Add the header that says how to authenticate, or when to try again."""
    status = response.status_code
    if status == NotSignedIn.status:
        response["WWW-Authenticate"] = challenge()
    if status == Unavailable.status:
        response["Retry-After"] = "5"
    return response


def challenge() -> str:
    """Return the value of WWW-Authenticate: the URL that issues tokens."""
    return f'Keystone uri="{settings.PUBLIC_URL}/identity"'


def sentence(error: MeridianError) -> str:
    """Return the error as one text, naming each bad field."""
    fields = [f"{name}: {text}" for name, text in error.fields.items()]
    text = str(error) if not fields or not isinstance(error, BadInput) else ""
    return " ".join(filter(None, [text, *fields]))
