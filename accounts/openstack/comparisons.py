"""Filters by times, such as `created_at=gte:2030-01-31T12:00:00Z` in the APIs of identity and images."""

from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.errors import BadInput
from accounts.services import inputs

OPERATORS = ("gt", "gte", "lt", "lte", "eq", "neq")
_SECOND = timedelta(seconds=1)


def time_condition(column: str, name: str, text: str) -> Q:
    """Return the condition of a time, `eq` without an operator. Raise BadInput naming the parameter.

    Rows are shown in whole seconds, so all of a second compares as its beginning.
    """
    operator, _colon, value = text.partition(":")
    if operator not in OPERATORS:
        operator, value = "eq", text
    # A plus sign that was not escaped arrives as a space.
    moment = inputs.moment({name: value.replace(" ", "+")}, name)
    if moment is None:
        return Q()
    try:
        following = moment + _SECOND
    except OverflowError as error:
        raise BadInput(fields={name: _("Give a time like 2030-01-31T12:00:00.")}) from error
    since, before = {f"{column}__gte": moment}, {f"{column}__lt": moment}
    after, until = {f"{column}__gte": following}, {f"{column}__lt": following}
    conditions = {
        "gt": Q(**after),
        "gte": Q(**since),
        "lt": Q(**before),
        "lte": Q(**until),
        "eq": Q(**since, **until),
        "neq": Q(**before) | Q(**after),
    }
    return conditions[operator]
