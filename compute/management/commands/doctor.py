"""Check the whole installation and name the repair of each broken part; fails when there is one."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from compute.driver.errors import DriverError
from compute.hosts.models import Hypervisor
from compute.hosts.services import hypervisors
from compute.management import health
from compute.management.canary import CanaryFailed, run


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--canary", action="store_true", help="also launch, boot and remove a tiny instance"
        )

    def handle(self, *, canary: bool, **_options: Any) -> None:
        found = health.checks(_own_host())
        width = max(len(check.name) for check in found)
        for check in found:
            mark = self.style.SUCCESS("well  ") if check.ok else self.style.ERROR("broken")
            self.stdout.write(f"{mark}  {check.name:<{width}}  {check.detail}")
            if check.fix:
                self.stdout.write(f"{'':<{width + 10}}→ {check.fix}")
        broken = sum(not check.ok for check in found)
        if broken:
            self.stdout.write(self.style.ERROR(f"\n{broken} of {len(found)} parts are broken."))
            sys.exit(1)
        self.stdout.write(self.style.SUCCESS(f"\nAll {len(found)} parts are well."))
        if canary:
            self._fly()

    def _fly(self) -> None:
        try:
            run(lambda held: self.stdout.write(f"canary  {held}"))
        except CanaryFailed as died:
            raise CommandError(f"The canary died. {died}") from died


def _own_host() -> Hypervisor | None:
    """Return this machine's row as it is now, whatever its watcher wrote; None where it is no host."""
    try:
        row = Hypervisor.objects.filter(name=settings.HOST).first()
    except DatabaseError:
        return None  # the first check says so
    if row is None:
        return None
    try:
        hypervisors.inspect(row)
    except DriverError as error:
        row.state, row.state_reason = Hypervisor.State.UNREACHABLE, str(error)
    return row
