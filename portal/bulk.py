"""Actions on many selected rows: each is begun for itself, and refusals are told with their reasons."""

from collections.abc import Iterable

from django.http import HttpResponse
from django.utils.translation import ngettext

from accounts.context import Context
from accounts.errors import MeridianError
from compute.engine.actions.base import Action
from compute.engine.actions.begin import begin
from portal.requests import toast, with_events


def begin_each(context: Context, action: Action, ids: Iterable[str]) -> list[str]:
    """Begin an action on each of the rows. Return the sentences of those that refuse."""
    refusals: list[str] = []
    for key in ids:
        try:
            begin(context, action.name, key)
        except MeridianError as error:
            refusals.append(str(error))
    return refusals


def tell_refusals(message: str, refusals: list[str], *topics: str) -> HttpResponse:
    """Answer that an action has begun on some rows, with the reasons why it has not on others."""
    reasons = " ".join(dict.fromkeys(refusals))
    message += ". " + ngettext("%(n)s refused: %(why)s", "%(n)s refused: %(why)s", len(refusals)) % {
        "n": len(refusals),
        "why": reasons,
    }
    return with_events(HttpResponse(status=204), toast("danger", message), *topics)
