"""Tokens for instances' screens: issued to users, redeemed once by the console proxy, renewed while in use.

A token is valid until `expires_at`, which its connection extends once it is redeemed, and no longer than what its user
signed in with. Tokens are secrets: rows store only their hashes, and they are never logged.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context, for_user
from accounts.errors import Conflict, NotFound
from accounts.models import User, UserSession
from accounts.services import audit, sessions
from compute.instances import states
from compute.instances.models import ConsoleToken, Instance

RULE = "instance:console"
CONNECT_WITHIN = timedelta(seconds=30)
RENEW_SECONDS = 25
TOKEN_LIFETIME = timedelta(seconds=60)
RUNNING = states.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A user who has an instance's screen open, and since when."""

    name: str
    since: datetime


def issue(
    context: Context, instance: Instance, within: timedelta = CONNECT_WITHIN, *, session_key: str = ""
) -> str:
    """Return a token for one connection to the instance's screen within that time, by this browser session if any.

    Raise Forbidden, or Conflict if the instance does not run.
    """
    host_id = _enforce(context, instance)
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        ConsoleToken.objects.create(
            digest=_digest(token),
            user=context.user,
            session=UserSession.objects.filter(session=session_key).first() if session_key else None,
            credential=context.credential,
            instance=instance,
            host_id=host_id,
            expires_at=now + within,
        )
        audit.record(context, "instance.console", instance, console="screen")
    return token


def screen_path(instance: Instance, token: str) -> str:
    """Return the path of the instance's screen at the front door, with its token."""
    return f"/console/{instance.hypervisor_id}/?token={token}"


def serial_path(instance: Instance) -> str:
    """Return the path of the instance's serial port at the front door; empty if it has no host."""
    return f"/ws/serial/{instance.hypervisor_id}/{instance.pk}/" if instance.hypervisor_id else ""


def open_serial(context: Context, instance_id: str, host_id: UUID | None) -> Instance:
    """Record that the asker opens the instance's serial port on this host, and return the instance.

    Raise NotFound, also if it is on another host, Forbidden, Conflict.
    """
    instance = reach_serial(context, instance_id, host_id)
    audit.record(context, "instance.console", instance, console="serial")
    return instance


def reach_serial(context: Context, instance_id: str, host_id: UUID | None) -> Instance:
    """Return the instance whose serial port the asker may use on this host. Raise as `open_serial`."""
    instance = Instance.objects.existing().select_related("hypervisor").reach(context, pk=instance_id)
    if _enforce(context, instance) != host_id:
        raise NotFound
    return instance


def redeem(token: str, host_id: UUID | None) -> Instance | None:
    """Redeem the token on this host and return its instance; None if the token is invalid, expired or used.

    Of several connections at once only one redeems it. A token of another host stays unused.
    """
    now = timezone.now()
    unused = ConsoleToken.objects.filter(
        digest=_digest(token), host=host_id, used_at=None, expires_at__gt=now
    )
    if not unused.update(used_at=now, expires_at=now + TOKEN_LIFETIME):
        return None
    row = _row(token)
    return row.instance if row and _is_valid(row) else None


def keep(tokens: Collection[str], *, thoroughly: bool) -> frozenset[str]:
    """Return the redeemed tokens whose connections may stay. One query.

    `thoroughly` also asks whether their users still may, by a few queries each, and extends the tokens.
    """
    by_digest = {_digest(token): token for token in tokens}
    now = timezone.now()
    rows = _rows(by_digest).filter(expires_at__gt=now)
    valid = [row for row in rows if (_is_valid(row) if thoroughly else _runs_here(row))]
    if thoroughly:
        ConsoleToken.objects.filter(pk__in=[row.pk for row in valid]).update(expires_at=now + TOKEN_LIFETIME)
    return frozenset(by_digest[row.digest] for row in valid)


def revoke(token: str) -> None:
    """Delete the token of a connection that has ended."""
    ConsoleToken.objects.filter(digest=_digest(token)).delete()


def viewers(instance: Instance, *, exclude: User) -> list[Viewer]:
    """Return the other users who have the instance's screen open now, longest first."""
    rows = ConsoleToken.objects.filter(
        instance=instance, used_at__isnull=False, expires_at__gt=timezone.now()
    )
    rows = rows.exclude(user=exclude).select_related("user").order_by("used_at")
    return [Viewer(name=row.user.name, since=row.used_at) for row in rows if row.used_at]


@receiver(sessions.all_ended)
def revoke_all_of(sender: object, users: QuerySet[User], **_signal: Any) -> None:
    """Revoke what these users opened by API tokens; what they opened in a browser goes with its session."""
    ConsoleToken.objects.filter(user__in=users, session=None).delete()


def _enforce(context: Context, instance: Instance) -> UUID:
    """Return the host of a running instance whose console the asker may use. Raise Forbidden, Conflict."""
    policy.enforce(context, RULE)
    if instance.vm_state not in RUNNING or instance.hypervisor_id is None:
        raise Conflict(_("%(name)s is off, so it has no console. Start it first.") % {"name": instance.name})
    return instance.hypervisor_id


def _is_valid(row: ConsoleToken) -> bool:
    """Return whether the token's user may still see the instance, and it still runs on the token's host."""
    instance, user = row.instance, row.user
    if not (user.enabled and user.domain.enabled and _runs_here(row)):
        return False
    return any(
        policy.allows(context, RULE)
        and Instance.objects.visible_to(context, all_projects=True).filter(pk=instance.pk).exists()
        for context in _contexts(user, str(instance.project_id))
    )


def _contexts(user: User, project_id: str) -> Iterator[Context]:
    """Yield the user's contexts, first that in which most people are, since each costs queries."""
    first = for_user(user, project_id)
    yield first
    for project in first.projects:
        yield for_user(user, project.id)


def _runs_here(row: ConsoleToken) -> bool:
    return row.instance.vm_state in RUNNING and row.host_id == row.instance.hypervisor_id


def _row(token: str) -> ConsoleToken | None:
    return _rows([_digest(token)]).first()


def _rows(digests: Collection[str]) -> QuerySet[ConsoleToken]:
    """Return those of these tokens whose session or credential has not expired."""
    now = timezone.now()
    return ConsoleToken.objects.select_related("instance", "user__domain").filter(
        Q(session=None) | Q(session__session__expire_date__gt=now),
        Q(credential=None) | Q(credential__expires_at=None) | Q(credential__expires_at__gt=now),
        digest__in=digests,
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
