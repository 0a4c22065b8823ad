"""Make the default rows, and pool, network and folders on the local hypervisor, before every start."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compute.driver.errors import DriverError
from compute.hosts.services import hypervisors, local
from compute.management import defaults


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        defaults.ensure()
        hypervisor = local.ensure()
        try:
            hypervisors.prepare(hypervisor)
        except DriverError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{hypervisor.name}: {hypervisor.virt_type}. {hypervisor.virt_reason}")
