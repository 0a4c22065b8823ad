"""Write the audit log as JSON lines, oldest first, so that it can be kept elsewhere before its retention is over."""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.services import audit_log


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--before", required=True, help="Only events before this date or time, like 2026-01-31."
        )
        parser.add_argument(
            "--output", help="A new file, readable by its owner only. Without it: standard output."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        before = _moment(options["before"])
        count = 0
        with _opened(options["output"]) as out:
            for event in audit_log.export(before):
                out.write(json.dumps(event, ensure_ascii=False) + "\n")
                count += 1
        self.stderr.write(f"{count} events before {before.isoformat()}")


def _moment(text: str) -> datetime:
    """Read a date (its midnight) or a time, in our time zone where it names none. Raise CommandError."""
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)  # noqa: DTZ001 - below
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--before {text!r} is no date. Write it like 2026-01-31 or 2026-01-31T12:00:00Z.")
    return moment if moment.tzinfo else timezone.make_aware(moment)


@contextmanager
def _opened(path: str | None) -> Iterator[TextIO]:
    """Open a new file that its owner alone may read; standard output without a path. Raise CommandError."""
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"{path} cannot be made: {error.strerror}. Name a new file.") from error
    with open(descriptor, "w", encoding="utf-8") as file:
        yield file
