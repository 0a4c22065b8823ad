"""Passes to instances' screens: given to a person, redeemed once by the console proxy, renewed while in use.

A pass is good until `expires_at`: first to connect, and from then on as long as its connection renews it.
Tokens are secrets: only their hashes are kept, and they are never logged.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context, for_user, projects_of
from accounts.errors import Conflict, NotFound
from accounts.models import User
from accounts.services import audit
from compute.instances import states
from compute.instances.models import ConsoleToken, Instance

RULE = "instance:console"
CONNECT_WITHIN = timedelta(seconds=30)
RENEW_SECONDS = 25
TOKEN_LIFETIME = timedelta(seconds=60)
RUNNING = states.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Someone who has an instance's screen open, and since when."""

    name: str
    since: datetime


def issue(context: Context, instance: Instance, within: timedelta = CONNECT_WITHIN) -> str:
    """A token for the instance's screen, good for one connection within that time.

    Raise Forbidden, and Conflict when the instance does not run.
    """
    host_id = _enforce(context, instance)
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        ConsoleToken.objects.create(
            digest=_digest(token),
            user=context.user,
            instance=instance,
            host_id=host_id,
            expires_at=now + within,
        )
        audit.record(context, "instance.console", instance, console="screen")
    return token


def screen_path(instance: Instance, token: str) -> str:
    """Return where the front door has the instance's screen; the token is good there once."""
    return f"/console/{instance.hypervisor_id}/?token={token}"


def serial_path(instance: Instance) -> str:
    """Return where the front door has the instance's serial port; empty while the instance has no host."""
    return f"/ws/serial/{instance.hypervisor_id}/{instance.pk}/" if instance.hypervisor_id else ""


def open_serial(context: Context, instance_id: str, host_id: UUID | None) -> Instance:
    """Return the instance whose serial port is about to be opened on this host.

    Raise NotFound, also when it is on another host, Forbidden, Conflict.
    """
    instance = Instance.objects.existing().select_related("hypervisor").reach(context, pk=instance_id)
    if _enforce(context, instance) != host_id:
        raise NotFound
    audit.record(context, "instance.console", instance, console="serial")
    return instance


def redeem(token: str, host_id: UUID | None) -> Instance | None:
    """Use the token up on this host: the instance it leads to, or None when it is wrong, late, used or outdated.

    Of several at once only one gets it. A token of another host is not used up.
    """
    now = timezone.now()
    unused = ConsoleToken.objects.filter(
        digest=_digest(token), host=host_id, used_at=None, expires_at__gt=now
    )
    if not unused.update(used_at=now, expires_at=now + TOKEN_LIFETIME):
        return None
    row = _row(token)
    return row.instance if row and _still_right(row) else None


def renew(token: str) -> bool:
    """Keep a redeemed pass alive; False when its connection must end, because something was taken away."""
    row = _row(token)
    if row is None or not _still_right(row):
        return False
    now = timezone.now()
    alive = ConsoleToken.objects.filter(pk=row.pk, expires_at__gt=now)
    return bool(alive.update(expires_at=now + TOKEN_LIFETIME))


def revoke(token: str) -> None:
    """The connection has ended: nobody sits there any more."""
    ConsoleToken.objects.filter(digest=_digest(token)).delete()


def viewers(instance: Instance, *, but: User) -> list[Viewer]:
    """Who else has the instance's screen open now, longest first."""
    rows = ConsoleToken.objects.filter(
        instance=instance, used_at__isnull=False, expires_at__gt=timezone.now()
    )
    rows = rows.exclude(user=but).select_related("user").order_by("used_at")
    return [Viewer(name=row.user.name, since=row.used_at) for row in rows if row.used_at]


@receiver(user_logged_out)
def revoke_all_of(sender: object, user: User | None, **_kwargs: Any) -> None:
    """Whoever signs out has no screens open within half a minute; windows still signed in reconnect."""
    if user is not None:
        ConsoleToken.objects.filter(user=user).delete()


def _enforce(context: Context, instance: Instance) -> UUID:
    """Return the host of a running instance whose console is the asker's. Raise Forbidden, Conflict."""
    policy.enforce(context, RULE)
    if instance.vm_state not in RUNNING or instance.hypervisor_id is None:
        raise Conflict(_("%(name)s is off, so it has no console. Start it first.") % {"name": instance.name})
    return instance.hypervisor_id


def _still_right(row: ConsoleToken) -> bool:
    """Return whether the owner may still see the instance, and it runs on the host that the token is for."""
    instance, user = row.instance, row.user
    if not (user.enabled and user.domain.enabled):
        return False
    if instance.vm_state not in RUNNING or row.host_id != instance.hypervisor_id:
        return False
    projects = (instance.project_id, *(project.id for project in projects_of(user)))
    contexts = (for_user(user, project_id) for project_id in projects)
    return any(
        policy.allows(context, RULE)
        and Instance.objects.visible_to(context, all_projects=True).filter(pk=instance.pk).exists()
        for context in contexts
    )


def _row(token: str) -> ConsoleToken | None:
    rows = ConsoleToken.objects.select_related("instance", "user__domain")
    return rows.filter(digest=_digest(token)).first()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
