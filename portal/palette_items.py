"""Items of the command palette, and the actions on rows among them."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from compute.engine import kinds
from compute.engine.actions.permitted import choices
from compute.engine.models import Subject
from portal import icons
from portal.requests import Request


def item(label: str, hint: str, icon: str, url: str) -> dict[str, Any]:
    return {"label": label, "hint": hint, "icon": icons.svg(icon), "url": url}


def if_fitting(query: str, one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the item if its label has every word of the query."""
    if all(word in one["label"].lower() for word in query.lower().split()):
        yield one


def actions(request: Request, row: Subject, verb: str) -> Iterator[dict[str, Any]]:
    """Yield permitted actions whose label has `verb`, but none that wants a name typed first."""
    noun = kinds.kind_of(row).noun
    for choice in choices(request.context, row):
        action = choice.action
        if (
            choice.allowed
            and not action.in_place
            and not (action.danger and noun == "volume")
            and action.verb != "purge"
            and verb.lower() in str(action.label).lower()
        ):
            label = _("%(label)s %(name)s") % {"label": action.label, "name": row}
            url = reverse(f"{noun}-action", args=[row.pk, action.verb])
            one = item(label, _("Action"), action.icon, url)
            yield one if action.asks else one | {"verb": action.verb, "confirm": str(choice.effect.confirm)}
