"""Count wrong passwords and codes by name and address, and lock for a while after too many (django-axes)."""

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

from accounts.context import Context
from accounts.errors import NotSignedIn
from accounts.models import User
from accounts.services import audit, scoping


def refuse_locked(request: HttpRequest, name: str) -> None:
    """Raise NotSignedIn while the name is locked for this address. Pages show how long (`axes_locked_out`)."""
    if not AxesProxyHandler.is_allowed(request, {"username": name}):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        raise NotSignedIn


def record_failure(request: HttpRequest, name: str) -> None:
    """Count one failed attempt."""
    user_login_failed.send(__name__, credentials={"username": name}, request=request)


def clear_failures(request: HttpRequest, name: str) -> None:
    """Delete the failed attempts of a name that has signed in without a session; sessions do so by themselves."""
    AxesProxyHandler.update_request(request)
    AxesProxyHandler.get_implementation().reset_user_attempts(request, {"username": name})


def unscoped_locked_names() -> QuerySet[AccessAttempt, str]:
    """Return the locked names, as a query of one column. Each is locked for one address."""
    since = timezone.now() - get_cool_off()
    recent = AccessAttempt.objects.filter(attempt_time__gte=since).order_by().values("username", "ip_address")
    locked = recent.annotate(failures=Sum("failures_since_start"))
    return locked.filter(failures__gte=settings.AXES_FAILURE_LIMIT).values_list("username", flat=True)


def locked_ids(users: list[User]) -> set[str]:
    """Return the ids of the users whose names are locked. One query."""
    locked = set(unscoped_locked_names().filter(username__in=[user.name for user in users]))
    return {user.id for user in users if user.name in locked}


@transaction.atomic
def lift(context: Context, user_id: str) -> User:
    """Unlock the user for every address. Raise Forbidden, NotFound."""
    user = scoping.get_within(context, "user:write", User.objects.all(), user_id, "user")
    reset(username=user.name)
    audit.record(context, "user.unlock", user)
    return user
