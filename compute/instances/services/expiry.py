"""Expiry of instances: its default, its limits and its warnings."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput
from accounts.services import audit, mail, quotas
from compute.engine.services import local_times, transitions
from compute.instances.models import Instance
from compute.instances.states import VmState

WARNING = timedelta(hours=24)
"""How long before the expiry people are warned."""

EXTENSION_DAYS = 7
"""Days by which the button extends the expiry, and before which a restored instance does not expire."""

LONGEST_DAYS = 3650


def default() -> datetime | None:
    """Return when an instance launched now expires; None for never."""
    return timezone.now() + timedelta(days=settings.EXPIRY_DAYS) if settings.EXPIRY_DAYS > 0 else None


def is_soon(instance: Instance) -> bool:
    """Return whether the instance's page shows the warning."""
    if instance.expires_at is None or instance.vm_state == VmState.SOFT_DELETED:
        return False
    return instance.expires_at <= timezone.now() + WARNING


def parse(
    context: Context, instance: Instance, expires_at: object, time_zone: object, days: object
) -> datetime | None:
    """Return the new expiry: `expires_at` by the clock of `time_zone`, or `days` later; None for never.

    If the installation has a default, only administrators may exceed it. Raise BadInput.
    """
    now = timezone.now()
    if days:
        number = quotas.whole_number(days)
        if number is None or not 0 < number <= LONGEST_DAYS:
            raise BadInput(
                fields={"days": _("Give a whole number of days from 1 to %(most)s.") % {"most": LONGEST_DAYS}}
            )
        moment: datetime | None = max(instance.expires_at or now, now) + timedelta(days=number)
    elif expires_at:
        moment = local_times.parse(expires_at, time_zone, field="expires_at")
        if moment <= now:
            raise BadInput(fields={"expires_at": _("This time is over already.")})
    else:
        moment = None
    latest = default()
    if latest is not None and not policy.allows(context, "instance:set_expiry_freely"):
        if moment is None:
            raise BadInput(fields={"expires_at": _("Instances expire here. Choose a time.")})
        if moment > latest:
            if not days:
                raise BadInput(
                    fields={
                        "expires_at": _("Choose a time within the next %(days)s days.")
                        % {"days": settings.EXPIRY_DAYS}
                    }
                )
            moment = latest
    return moment


def after_restore(instance: Instance) -> datetime | None:
    """Return the expiry of an instance restored from the recycle bin, which is not at once."""
    if instance.expires_at is None:
        return None
    return max(instance.expires_at, timezone.now() + timedelta(days=EXTENSION_DAYS))


def warn(instance: Instance) -> bool:
    """Record once that the instance expires soon, in the audit log and in its row.

    Return whether this call did it, since several processes may try.
    """
    now = timezone.now()
    updated = Instance.objects.filter(
        pk=instance.pk, expires_at=instance.expires_at, expiry_warned_at=None
    ).update(expiry_warned_at=now)
    if not updated or instance.expires_at is None:
        return False
    audit.record(
        None, "instance.expires_soon", instance, expires_at=instance.expires_at.isoformat(timespec="seconds")
    )
    transitions.change(instance, expiry_warned_at=now)
    return True


def mail_warning(instance: Instance) -> None:
    """Mail the warning to the owner in their language. Call it outside transactions, since mail takes time."""
    if instance.user is None or instance.expires_at is None:
        return
    with override(instance.user.language or settings.LANGUAGE_CODE):
        at = date_format(timezone.localtime(instance.expires_at), "DATETIME_FORMAT")
        mail.send(
            instance.user.email,
            _("%(name)s expires soon") % {"name": instance.name},
            _(
                "The instance %(name)s goes to the recycle bin at %(at)s (%(zone)s). To keep it, extend it on "
                "its page:\n\n%(url)s\n"
            )
            % {
                "name": instance.name,
                "at": at,
                "zone": settings.TIME_ZONE,
                "url": f"{settings.PUBLIC_URL}/instances/{instance.pk}/",
            },
        )
