"""Check a name and a password at an LDAP directory, after the local check."""

import structlog
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.authentication import LONGEST_PASSWORD
from accounts.errors import BadInput, Forbidden, Unavailable
from accounts.federation import LdapServer
from accounts.models import User
from accounts.names import is_text
from accounts.services import external_users, ldap

log = structlog.get_logger()


class LdapBackend(BaseBackend):
    """Sign in people of the directory, into its domain. A local user's name there is that user's alone.

    It follows `PasswordBackend`, so that local users need no directory.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        domain: str | None = None,
        **_kwargs: object,
    ) -> User | None:
        """Return the user. `domain` is an id; None means the directory's. Raise Unavailable if it does not answer."""
        server: LdapServer | None = settings.LDAP
        if server is None or not is_text(username) or not is_text(password, LONGEST_PASSWORD):
            return None
        home = external_users.find_domain(server.domain)
        if domain is not None and domain != home.id:
            return None
        is_local = User.objects.filter(domain=home, name=username, external_identity=None).exists()
        try:
            # A local user's password stays with us, but a wrong one must take as long as any.
            person = ldap.check(server, username, None if is_local else password)
        except Unavailable:
            if is_local:
                return None
            raise
        if person is None:
            return None
        try:
            return external_users.sign_in(person, server.domain, mirrored=server.groups)
        except (BadInput, Forbidden) as error:
            log.warning("ldap.refused", name=username, reason=str(error))
            return None
