"""Plans by which volumes are backed up by themselves, and which of those backups stay."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput
from accounts.services import audit, quotas
from compute.engine.services import broadcast, cron_lines, local_times
from compute.volumes.models import Backup, BackupPlan, Volume
from compute.volumes.services import volumes

MOST = 1000
"""Most backups of a kind that a plan keeps."""
MOST_INCREMENTS = 100
KINDS = ("daily", "weekly", "monthly")


def of_volume(context: Context, volume: Volume) -> BackupPlan | None:
    """Return the plan of a volume that the asker may see. Raise Forbidden."""
    policy.enforce(context, "backup:read")
    return BackupPlan.objects.select_related("created_by").filter(volume=volume).first()


@transaction.atomic
def save(
    context: Context,
    volume_id: object,
    *,
    cron: object,
    time_zone: object,
    full_every: object,
    verifies: bool,
    **numbers: object,
) -> BackupPlan:
    """Make or change the plan of a volume, which from now on runs as the asker.

    `numbers` are those of `KINDS`. Raise NotFound, BadInput naming every wrong field, or Forbidden, also if the asker may
    not back up volumes.
    """
    policy.enforce(context, "backup_plan:write")
    policy.enforce(context, "backup:create")
    volume = Volume.objects.select_for_update(of=("self",)).get(pk=volumes.get(context, volume_id).pk)
    fields = _checked(cron, time_zone, full_every, numbers)
    plan, is_new = BackupPlan.objects.update_or_create(
        volume=volume,
        defaults={
            "project_id": volume.project_id,
            "created_by": context.user,
            "verifies": verifies,
            "last_error": "",
            **fields,
        },
    )
    audit.record(
        context,
        "backup_plan.create" if is_new else "backup_plan.update",
        volume,
        when=plan.cron,
        time_zone=plan.time_zone,
    )
    broadcast.changed(volume)
    return plan


@transaction.atomic
def delete(context: Context, volume_id: object) -> None:
    """Delete the plan of a volume. Its backups stay. None is success. Raise Forbidden, NotFound."""
    policy.enforce(context, "backup_plan:write")
    volume = volumes.get(context, volume_id)
    if BackupPlan.objects.filter(volume=volume).delete()[0]:
        audit.record(context, "backup_plan.delete", volume)
        broadcast.changed(volume)


def next_run(plan: BackupPlan, after: datetime) -> datetime | None:
    """Return when the plan is next due, in UTC; None for never."""
    return cron_lines.next_after(plan.cron, plan.time_zone, after)


def expired(plan: BackupPlan, rows: Iterable[Backup]) -> list[Backup]:
    """Return those of the plan's backups that need not stay, the newest first. The newest of all stays."""
    zone = local_times.zone(plan.time_zone)
    newest_first = sorted(rows, key=lambda row: row.taken_at or row.created_at, reverse=True)

    def period(row: Backup, part: Callable[[datetime], Any]) -> Any:
        return part((row.taken_at or row.created_at).astimezone(zone))

    keep = {row.pk for row in newest_first[:1]}
    for most, part in (
        (plan.daily, lambda moment: moment.date()),
        (plan.weekly, lambda moment: moment.isocalendar()[:2]),
        (plan.monthly, lambda moment: (moment.year, moment.month)),
    ):
        first_of: dict[Any, Backup] = {}
        for row in newest_first:
            first_of.setdefault(period(row, part), row)
        keep |= {row.pk for row in list(first_of.values())[:most]}
    return [row for row in newest_first if row.pk not in keep]


def _checked(
    cron: object, time_zone: object, full_every: object, numbers: dict[str, object]
) -> dict[str, Any]:
    """Return the columns. Raise BadInput naming every wrong field."""
    wrong: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    try:
        fields["time_zone"] = str(local_times.zone(time_zone))
        fields["cron"] = cron_lines.clean(cron)
        fields["next_run"] = cron_lines.next_after(fields["cron"], fields["time_zone"], timezone.now())
        if fields["next_run"] is None:
            wrong["cron"] = _("This never comes.")
    except BadInput as error:
        wrong |= error.fields
    for name, value, least, most in (
        *((kind, numbers.get(kind), 0, MOST) for kind in KINDS),
        ("full_every", full_every, 1, MOST_INCREMENTS),
    ):
        number = quotas.whole_number(value)
        if number is None or not least <= number <= most:
            sentence = _("Give a whole number from %(least)s to %(most)s.")
            wrong[name] = sentence % {"least": least, "most": most}
        else:
            fields[name] = number
    if not wrong and not any(fields[kind] for kind in KINDS):
        wrong["daily"] = _("Keep at least one backup.")
    if wrong:
        raise BadInput(fields=wrong)
    return fields
