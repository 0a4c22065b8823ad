"""Nova's migration records of resizes, from the rows of operations."""

from datetime import datetime

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts import policy
from accounts.context import Context
from compute.engine.models import Operation

NOVA_TYPE = "resize"
_KIND = "instance.resize"
State = Operation.State
_ANSWERS = ("instance.confirm_resize", "instance.revert_resize", "instance.delete", "instance.purge")
"""Operations that end a finished resize. Deletion confirms it, as in Nova."""

_REVERTS, _IS_DONE = Q(answer="instance.revert_resize"), Q(answer_state=State.SUCCEEDED)
_STATUS = Case(
    When(state=State.PENDING, then=Value("pre-migrating")),
    When(state__in=[State.RUNNING, State.UNDOING], then=Value("migrating")),
    When(state__in=[State.FAILED, State.STUCK], then=Value("error")),
    When(state=State.CANCELLED, then=Value("cancelled")),
    When(_REVERTS & _IS_DONE, then=Value("reverted")),
    When(_REVERTS, then=Value("reverting")),
    When(_IS_DONE, then=Value("confirmed")),
    When(answer__isnull=False, then=Value("confirming")),
    default=Value("finished"),
)
"""Nova's status (nova.compute.manager), from the states of the resize and of its answer."""


def listing(context: Context) -> "QuerySet[Operation]":
    """Return every resize, newest first, with `status` and `changed`. Raise Forbidden. One query."""
    policy.enforce(context, "migration:read")
    answers = (
        Operation.objects.filter(
            subject_id=OuterRef("subject_id"), created_at__gt=OuterRef("created_at"), kind__in=_ANSWERS
        )
        .exclude(state__in=[State.FAILED, State.CANCELLED, State.STUCK])
        .order_by("created_at")
    )
    return (
        Operation.objects.filter(kind=_KIND)
        .annotate(
            answer=Subquery(answers.values("kind")[:1]),
            answer_state=Subquery(answers.values("state")[:1]),
            changed=Coalesce(Subquery(answers.values("updated_at")[:1]), "updated_at"),
        )
        .annotate(status=_STATUS)
        .defer("timeline", "progress")
    )


def changed_between(
    rows: "QuerySet[Operation]", since: datetime | None, before: datetime | None
) -> "QuerySet[Operation]":
    """Return the rows of a listing that last changed between these times, inclusive."""
    bounds = {"changed__gte": since, "changed__lte": before}
    return rows.filter(**{lookup: moment for lookup, moment in bounds.items() if moment is not None})
