"""Errors that a person may read: a code, an HTTP status and a sentence.

One renderer makes pages of them, and one API bodies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

Text: TypeAlias = str | Promise


class MeridianError(Exception):
    """Base of all errors that a person may read. `fields` names bad inputs: {field: sentence}.

    `retryable` says whether the same step of an operation may succeed soon, with nobody doing anything about it.
    """

    code = "error"
    status = 500
    retryable = False
    text: Text = _("Something went wrong on our side.")

    def __init__(self, text: Text | None = None, *, fields: Mapping[str, Text] | None = None) -> None:
        self.text = text or type(self).text
        self.fields = dict(fields or {})
        super().__init__(self.text)

    def __str__(self) -> str:
        return str(self.text)


class BadInput(MeridianError):
    code = "badRequest"
    status = 400
    text = _("Some of the input cannot be used.")


class NotSignedIn(MeridianError):
    code = "unauthorized"
    status = 401
    text = _("Sign in first.")


class LockedOut(NotSignedIn):
    """Too many wrong passwords or codes: `seconds` until the next attempt."""

    code = "overLimit"
    status = 429

    def __init__(self, wait: timedelta) -> None:
        self.seconds = ceil(wait.total_seconds())
        minutes = ceil(self.seconds / 60)
        sentence = ngettext(
            "Wait %(n)s minute, then try again.", "Wait %(n)s minutes, then try again.", minutes
        )
        hint = _("In a browser where you signed in before, you need not wait.")
        super().__init__(f"{sentence % {'n': minutes}} {hint}")


class Forbidden(MeridianError):
    code = "forbidden"
    status = 403
    text = _("Your role does not allow this.")

    @classmethod
    def needing(cls, role: str | None) -> "Forbidden":
        """Return the error that names the missing `role`; None if no role allows it."""
        if role is None:
            return cls()
        return cls(_("You need the role “%(role)s”. Ask an administrator for it.") % {"role": role})


class NotFound(MeridianError):
    code = "itemNotFound"
    status = 404
    text = _("Not found, or you have no access.")


class Conflict(MeridianError):
    code = "conflictingRequest"
    status = 409
    text = _("That cannot be done in the present state.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """One resource of which a project has too little: all numbers in the resource's own unit."""

    resource: str
    limit: int
    used: int
    requested: int

    @property
    def left(self) -> int:
        return max(self.limit - self.used, 0)


class OverQuota(Forbidden):
    """A project's quota is too small; `shortages` names each resource, what is left and what was requested."""

    code = "forbidden"

    def __init__(self, text: Text, shortages: Sequence[Shortage]) -> None:
        super().__init__(text)
        self.shortages = tuple(shortages)


class Unavailable(MeridianError):
    code = "unavailable"
    status = 503
    text = _("A service that this needs does not answer. Try again shortly.")


class Busy(Unavailable):
    text = _("Many are signing in at this moment. Try again in a few seconds.")
