"""Let a user of ours sign in through the directory or the provider from now on, in place of the password here."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import MeridianError
from accounts.models import ExternalIdentity
from accounts.services import external_users


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the user")
        parser.add_argument("--domain", default="default", help="the user's domain, by id or name")
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            "--ldap", metavar="ID", help="the person's entryUUID, or what MERIDIAN_LDAP_ID names"
        )
        source.add_argument(
            "--oidc", metavar="SUBJECT", help="the person's claim `sub` at MERIDIAN_OIDC_ISSUER"
        )

    def handle(self, *, name: str, domain: str, ldap: str | None, oidc: str | None, **_options: Any) -> None:
        source = ExternalIdentity.LDAP
        if oidc:
            if settings.OIDC is None:
                raise CommandError("MERIDIAN_OIDC_ISSUER is not set, so there is no provider to link to.")
            source = settings.OIDC.issuer
        try:
            user = external_users.link(name, domain, source=source, subject=oidc or ldap or "")
        except MeridianError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{user.name} is {oidc or ldap} of {source} now, and has no password here any more."
        )
