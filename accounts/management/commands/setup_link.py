"""Print the one-time link that makes the administrator; earlier links stop working."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.services import setup


class Command(BaseCommand):
    help = __doc__

    def handle(self, **_options: Any) -> None:
        token = setup.create_link()
        if token is None:
            self.stdout.write(f"Set-up is done. Sign in at {settings.PUBLIC_URL}")
        else:
            self.stdout.write(f"{settings.PUBLIC_URL}/setup/{token}/")
