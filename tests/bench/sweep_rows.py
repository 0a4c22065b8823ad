"""`main` runs in a process with the installation's settings: it lets all finished rows grow old and sweeps them away."""

import json
import sys
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.services.retention import Rule, Sweeper
from compute.engine.models import Operation

WITHOUT_END = 1_000_000


class WatchedSweeper(Sweeper):
    """Knows how long each of its transactions took, which is how long its locks were held, and which rule's it was."""

    def __init__(self) -> None:
        super().__init__()
        self.transactions: list[tuple[float, str]] = []

    def _remove(self, rule: Rule, keys: list[Any]) -> int:
        began = time.perf_counter()
        removed = super()._remove(rule, keys)
        self.transactions.append((time.perf_counter() - began, rule.name))
        return removed


def main() -> None:
    """Write, as JSON, how many rows went in how many seconds, and the longest transaction with its rule."""
    longest_kept = max(settings.OPERATION_DAYS, settings.AUDIT_DAYS)
    old = timezone.now() - timedelta(days=longest_kept + 1)
    Operation.objects.update(finished_at=old)
    AuditEvent.objects.update(at=old)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    sweeper, began = WatchedSweeper(), time.perf_counter()
    rows = sum(sweeper.sweep(batches=WITHOUT_END).values())
    seconds = time.perf_counter() - began
    longest, rule = max(sweeper.transactions)
    left = [Operation.objects.count(), AuditEvent.objects.count()]
    sys.stdout.write(
        json.dumps({"rows": rows, "seconds": seconds, "longest": longest, "rule": rule, "left": left})
    )
