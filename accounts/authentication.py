"""Checks a name and a password."""

from axes.models import AccessAttempt
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db.models import Exists, QuerySet, Subquery
from django.http import HttpRequest

from accounts.models import Domain, Epoch, User
from accounts.names import is_text
from accounts.prepared import Prepared

LONGEST_PASSWORD = 1024


def _named(name: str, domain: str) -> QuerySet[User, User]:
    rows = User.objects.select_related("domain", "second_factor").filter(name=name, domain_id=domain)
    mark, attempts = Epoch.objects.values("mark")[:1], AccessAttempt.objects.filter(username=name)
    return rows.annotate(mark=Subquery(mark), was_refused=Exists(attempts))[:1]


_NAMED = Prepared(_named)


def named(request: HttpRequest | None, name: str, domain: str) -> User | None:
    """The user whom a request names, read once for it: what counts its wrong attempts asks before the password.

    With the row come `mark`, the epoch's, and `was_refused`, whether the name has wrong attempts.
    """
    known: dict[tuple[str, str], User | None] = (
        request.__dict__.setdefault("named_users", {}) if request else {}
    )
    if (name, domain) not in known:
        known[name, domain] = next(_NAMED.objects(name=name, domain=domain), None)
    return known[name, domain]


class PasswordBackend(BaseBackend):
    """Signs in enabled users of enabled domains. Unknown names cost the same time as wrong passwords."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        domain: str = Domain.DEFAULT_ID,
        **_kwargs: object,
    ) -> User | None:
        if not is_text(username) or not is_text(password, LONGEST_PASSWORD):
            return None
        user = named(request, username, domain)
        if user is None:
            make_password(password)
            return None
        if user.check_password(password) and user.enabled and user.domain.enabled:
            return user
        return None

    def get_user(self, user_id: str) -> User | None:
        """The signed-in user of a session; None once disabled, which ends the session."""
        return User.objects.filter(pk=user_id, enabled=True, domain__enabled=True).first()
