"""Delete rows whose retention is over, in small batches.

Each app registers its rules. A batch is one transaction. Its size follows from the time of the last one, so that no
lock is held for long.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.utils import timezone

log = structlog.get_logger(__name__)

LARGEST = 500
"""Rows of one batch, at most."""
FIRST = 50
TARGET_SECONDS = 0.05
"""How long a batch should take. Its locks are held that long, and several times as long on a busy machine."""
PAUSE_SECONDS = 0.02
"""Pause between two batches, in which others can write."""
BATCHES = 4
"""Batches of one rule in one sweep, so that a sweep is short."""


def _delete(rows: QuerySet[Any, Any]) -> object:
    return rows.delete()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The retention of some rows, counted from their time `since`, which needs an index in a large table.

    It is as many days as the setting named `setting` says, where 0 means for ever; without a setting it is `grace`.
    """

    name: str
    rows: QuerySet[Any, Any]
    since: str
    setting: str = ""
    grace: timedelta = timedelta()
    remove: Callable[[QuerySet[Any, Any]], object] = _delete

    def due(self) -> QuerySet[Any, Any]:
        """Return the rows whose retention is over."""
        age = self.grace
        if self.setting:
            days: int = getattr(settings, self.setting)
            if days == 0:
                return self.rows.none()
            age = timedelta(days=days)
        return self.rows.filter(**{f"{self.since}__lt": timezone.now() - age})


RULES: dict[str, Rule] = {}
"""{name: rule}, in the order in which they are swept."""


def register(rules: Sequence[Rule]) -> None:
    """Add the rules of an app; called once it is ready. Raise ValueError if a name exists already."""
    for rule in rules:
        if rule.name in RULES:
            raise ValueError(f"The retention of {rule.name} is registered already.")
        RULES[rule.name] = rule


class Sweeper:
    """Sweeps rows by their rules. Remembers the size of batches, and which rows are protected."""

    def __init__(
        self, rules: Mapping[str, Rule] = RULES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._sizes: dict[str, int] = {}
        self._protected: dict[str, set[Any]] = {}

    def sweep(self, batches: int = BATCHES) -> dict[str, int]:
        """Delete at most so many batches of each rule's rows. Return {rule: deleted rows}, without zeros."""
        removed = {name: self._sweep(rule, batches) for name, rule in self._rules.items()}
        removed = {name: count for name, count in removed.items() if count}
        if removed:
            log.info("retention", **removed)
        return removed

    def _sweep(self, rule: Rule, batches: int) -> int:
        total = 0
        for _batch in range(batches):
            size = self._sizes.get(rule.name, FIRST)
            rows = rule.due().exclude(pk__in=self._protected.get(rule.name, ()))
            keys = list(rows.order_by(rule.since, "pk").values_list("pk", flat=True)[:size])
            if not keys:
                break
            began = self._clock()
            total += self._remove(rule, keys)
            self._sizes[rule.name] = _next_size(size, self._clock() - began)
            if len(keys) < size:
                break
            time.sleep(PAUSE_SECONDS)
        return total

    def _remove(self, rule: Rule, keys: list[Any]) -> int:
        """Delete these rows, if they are still due and no other row protects them."""
        try:
            with transaction.atomic():
                rule.remove(rule.due().filter(pk__in=keys))
        except (ProtectedError, RestrictedError) as error:
            if len(keys) > 1:
                return sum(self._remove(rule, [key]) for key in keys)
            self._protected.setdefault(rule.name, set()).add(keys[0])
            log.warning(
                "retention: a row is still needed", rule=rule.name, row=str(keys[0]), reason=str(error)
            )
            return 0
        return len(keys)


def _next_size(size: int, seconds: float) -> int:
    """Return the size of the batch after one of `size` rows that took so many seconds: at most twice as large."""
    fitting = size * TARGET_SECONDS / seconds if seconds else LARGEST
    return max(1, int(min(fitting, 2 * size, LARGEST)))
