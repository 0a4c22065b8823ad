"""Schedules of instances."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policy
from accounts.context import Context
from accounts.errors import BadInput
from accounts.services import audit, quotas
from compute.engine.actions import registry
from compute.engine.services import broadcast, cron_lines, local_times
from compute.instances.models import Instance, Schedule

MOST = 20
MOST_IMAGES = 100


def verbs() -> list[str]:
    """Return the verbs that schedules may begin, in the order of menus."""
    return [action.verb for action in registry.of_noun("instance") if action.schedulable]


def for_instance(context: Context, instance: Instance) -> list[Schedule]:
    """Return the schedules of an instance that the asker may see, oldest first. Raise Forbidden."""
    policy.enforce(context, "instance:read")
    return list(instance.schedules.select_related("created_by"))


@transaction.atomic
def create(
    context: Context,
    instance_id: UUID | str,
    *,
    verb: object,
    at: object,
    cron: object,
    time_zone: object,
    until: object = "",
    keep: object = Schedule.DEFAULT_KEEP,
) -> Schedule:
    """Make a schedule for `verb`, once `at` a time or by a `cron` line until the end of a day, in `time_zone`.

    Of the images that it takes, the newest `keep` stay. Raise NotFound, BadInput naming the wrong field, or Forbidden,
    also if the asker may not begin `verb`.
    """
    policy.enforce(context, "schedule:write")
    instance = Instance.objects.existing().select_for_update().reach(context, pk=instance_id)
    if not isinstance(verb, str) or verb not in verbs():
        raise BadInput(fields={"verb": _("Choose what is to be done.")})
    policy.enforce(context, f"instance:{verb}")
    if instance.schedules.count() >= MOST:
        raise BadInput(_("An instance has at most %(most)s schedules.") % {"most": MOST})
    schedule = Schedule(project_id=instance.project_id, instance=instance, created_by=context.user, verb=verb)
    _set(schedule, at, cron, until, time_zone, keep)
    schedule.save(force_insert=True)
    _announce(context, "schedule.create", schedule)
    return schedule


@transaction.atomic
def change(
    context: Context,
    schedule_id: UUID | str,
    *,
    at: object,
    cron: object,
    time_zone: object,
    keep: object,
    until: object = "",
) -> Schedule:
    """Change the schedule's times and its number of images, enable it, and run it as the asker from now on.

    Raise NotFound, BadInput naming the wrong field, or Forbidden, also if the asker may not begin its verb.
    """
    policy.enforce(context, "schedule:write")
    schedule = Schedule.objects.select_for_update().reach(context, pk=schedule_id)
    policy.enforce(context, f"instance:{schedule.verb}")
    _set(schedule, at, cron, until, time_zone, keep)
    schedule.created_by, schedule.enabled, schedule.last_error = context.user, True, ""
    schedule.save()
    _announce(context, "schedule.update", schedule)
    return schedule


@transaction.atomic
def set_enabled(context: Context, schedule_id: UUID | str, enabled: bool) -> Schedule:
    """Enable or disable the schedule. One whose only time is over stays disabled. Raise Forbidden, NotFound."""
    policy.enforce(context, "schedule:write")
    schedule = Schedule.objects.select_for_update().reach(context, pk=schedule_id)
    schedule.next_run = next_run(schedule, timezone.now())
    schedule.enabled = enabled and schedule.next_run is not None
    schedule.save(update_fields=["enabled", "next_run"])
    _announce(context, "schedule.enable" if schedule.enabled else "schedule.disable", schedule)
    return schedule


@transaction.atomic
def delete(context: Context, schedule_id: UUID | str) -> Schedule:
    """Delete the schedule. Raise Forbidden, NotFound."""
    policy.enforce(context, "schedule:write")
    schedule = Schedule.objects.select_for_update().reach(context, pk=schedule_id)
    _announce(context, "schedule.delete", schedule)
    schedule.delete()
    return schedule


def next_run(schedule: Schedule, after: datetime) -> datetime | None:
    """Return when the schedule is next due after a time, in UTC; None for never."""
    if schedule.at is not None:
        return schedule.at if schedule.at > after else None
    due_at = cron_lines.next_after(schedule.cron, schedule.time_zone, after)
    return None if due_at is None or (schedule.until is not None and due_at > schedule.until) else due_at


def _set(
    schedule: Schedule, at: object, cron: object, until: object, time_zone: object, keep: object
) -> None:
    """Set the columns without saving them. Raise BadInput."""
    schedule.time_zone = str(local_times.zone(time_zone))
    number = quotas.whole_number(keep or Schedule.DEFAULT_KEEP)
    if number is None or not 0 < number <= MOST_IMAGES:
        raise BadInput(fields={"keep": _("Give a whole number from 1 to %(most)s.") % {"most": MOST_IMAGES}})
    schedule.keep = number
    if at and cron:
        raise BadInput(fields={"cron": _("Give either a time or a cron line.")})
    schedule.at = local_times.parse(at, time_zone, field="at") if at else None
    schedule.cron = "" if at else cron_lines.clean(cron)
    schedule.until = local_times.end_of_day(until, time_zone, field="until") if until and not at else None
    if schedule.at and schedule.at <= timezone.now():
        raise BadInput(fields={"at": _("This time is over already.")})
    schedule.next_run = next_run(schedule, timezone.now())
    if schedule.next_run is None and schedule.until is not None:
        raise BadInput(fields={"until": _("It would not run once until then.")})
    if schedule.next_run is None:
        raise BadInput(fields={"cron": _("This never comes.")})


def _announce(context: Context, action: str, schedule: Schedule) -> None:
    audit.record(
        context,
        action,
        schedule.instance,
        project_id=schedule.project_id,
        verb=schedule.verb,
        when=schedule.cron or (schedule.at and schedule.at.isoformat(timespec="minutes")),
        time_zone=schedule.time_zone,
    )
    broadcast.changed(schedule.instance)
