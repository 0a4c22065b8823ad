"""Check the whole installation and name the repair of each broken part. Fail if there is one."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from compute.driver.errors import DriverError
from compute.hosts.models import Hypervisor
from compute.hosts.services import hypervisors
from compute.management import canary, health


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--canary",
            action="store_true",
            dest="run_canary",
            help="also launch, boot and remove a tiny instance",
        )

    def handle(self, *, run_canary: bool, **_options: Any) -> None:
        checks = health.checks(_local_host())
        width = max(len(check.name) for check in checks)
        for check in checks:
            mark = self.style.SUCCESS("well  ") if check.ok else self.style.ERROR("broken")
            self.stdout.write(f"{mark}  {check.name:<{width}}  {check.detail}")
            if check.fix:
                self.stdout.write(f"{'':<{width + 10}}→ {check.fix}")
        broken = sum(not check.ok for check in checks)
        if broken:
            self.stdout.write(self.style.ERROR(f"\n{broken} of {len(checks)} parts are broken."))
            sys.exit(1)
        self.stdout.write(self.style.SUCCESS(f"\nAll {len(checks)} parts are well."))
        if run_canary:
            self._run_canary()

    def _run_canary(self) -> None:
        try:
            canary.run(lambda stage: self.stdout.write(f"canary  {stage}"))
        except canary.CanaryFailed as error:
            raise CommandError(f"The canary died. {error}") from error


def _local_host() -> Hypervisor | None:
    """Return this machine's row, inspected just now; None if it is no host."""
    try:
        row = Hypervisor.objects.filter(name=settings.HOST).first()
    except DatabaseError:
        return None  # the first check reports it
    if row is None:
        return None
    try:
        hypervisors.inspect(row)
    except DriverError as error:
        row.state, row.state_reason = Hypervisor.State.UNREACHABLE, str(error)
    return row
