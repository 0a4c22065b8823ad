"""`changes-since` and `changes-before`, the filters by the time of the last change."""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.errors import BadInput
from compute.api.base import ComputeView, moment_of

BEFORE = 66
"""The minor version that brought `changes-before`."""


def period(view: ComputeView, since: int) -> tuple[datetime | None, datetime | None]:
    """Return both times of the query string. Raise BadInput.

    `since` is the minor version that brought `changes-since` to the resource.
    """
    query = view.request.query_params
    start = moment_of(query, "changes-since") if view.at_least(since) else None
    end = moment_of(query, "changes-before") if view.at_least(BEFORE) else None
    if start and end and start > end:
        raise BadInput(
            fields={"changes-since": _("The value of changes-since must not be after changes-before.")}
        )
    return start, end
