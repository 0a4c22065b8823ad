"""Print every difference between rows and hosts. Exit with status 1 if there is any."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from compute.management import consistency


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        differences = consistency.differences()
        for difference in differences:
            self.stdout.write(f"{difference.where}: {difference.what} {difference.sentence}")
        if differences:
            sys.exit(1)
