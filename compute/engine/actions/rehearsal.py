"""What a verb would do to each of many instances, found out by doing it and taking it back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.context import Context
from accounts.errors import MeridianError
from compute.engine.actions.base import begin
from compute.instances.models import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`after` is the instance as the verb leaves its row; None where `reason` says why it is refused."""

    before: Instance
    after: Instance | None
    reason: str


def begin_each(
    context: Context, verb: str, instances: Iterable[Instance], parameters: dict[str, Any]
) -> list[Outcome]:
    """Begin the verb on each; what one refuses keeps no other from it."""
    return [_begin(context, verb, instance, parameters) for instance in instances]


def rehearse(
    context: Context, verb: str, instances: Iterable[Instance], parameters: dict[str, Any]
) -> list[Outcome]:
    """What `begin_each` would come to now. One after another, so that a quota that lasts for three refuses the fourth.

    Beginning writes rows only, and what workers and pages are told waits for the commit: rolled back, nothing was.
    """
    with transaction.atomic():
        outcomes = begin_each(context, verb, instances, parameters)
        transaction.set_rollback(True)
    return outcomes


def _begin(context: Context, verb: str, instance: Instance, parameters: dict[str, Any]) -> Outcome:
    try:
        begin(context, verb, instance.pk, parameters=parameters)
    except MeridianError as error:
        reason = " ".join(map(str, error.fields.values())) or str(error)
        return Outcome(before=instance, after=None, reason=reason)
    return Outcome(before=instance, after=Instance.objects.get(pk=instance.pk), reason="")
