"""Print every difference between rows and hosts; exits 1 if there is any."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compute.driver.errors import DriverError
from compute.management import truth


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = truth.differences()
        except DriverError as error:
            raise CommandError(f"The hypervisor cannot be asked. {error}") from error
        for difference in found:
            self.stdout.write(f"{difference.where}: {difference.what} {difference.sentence}")
        if found:
            sys.exit(1)
