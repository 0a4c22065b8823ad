"""The duty that begins what schedules say, as the users who created them."""

import uuid
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.context import Context, for_user
from accounts.errors import Forbidden, MeridianError
from accounts.models import AuditEvent
from accounts.services import audit
from compute.engine.actions.begin import begin
from compute.engine.services import broadcast
from compute.instances.models import Schedule
from compute.instances.services import schedules

log = structlog.get_logger(__name__)

LATE = timedelta(hours=1)
"""Delay after which a due run is skipped, since nobody wants last night's stop in the morning."""


def sweep() -> None:
    """Run the due schedules, each once even if several processes sweep."""
    due = Schedule.objects.filter(enabled=True, next_run__lte=timezone.now())
    for key in due.values_list("pk", flat=True):
        _run(key)


@transaction.atomic
def _run(key: uuid.UUID) -> None:
    """Begin what the schedule says and claim this run of it, in one transaction: both happen or neither does.

    The claim comes last, since a purge locks the instance before its schedules. Without it all is rolled back.
    """
    schedule = Schedule.objects.select_related("created_by", "instance").filter(pk=key).first()
    now = timezone.now()
    if schedule is None or schedule.next_run is None or schedule.next_run > now:
        return
    context = for_user(schedule.created_by, schedule.project_id, request_id=f"req-{uuid.uuid4()}")
    error = _begin(context, schedule, now)
    next_run = schedules.next_run(schedule, now)
    claimed = Schedule.objects.filter(pk=key, enabled=True, next_run=schedule.next_run).update(
        next_run=next_run, last_run=now, enabled=next_run is not None, last_error=error
    )
    if not claimed:
        transaction.set_rollback(True)
        return
    audit.record(
        context,
        "schedule.run",
        schedule.instance,
        outcome=AuditEvent.Outcome.FAILED if error else AuditEvent.Outcome.SUCCEEDED,
        verb=schedule.verb,
        **({"error": error} if error else {}),
    )
    broadcast.changed(schedule.instance)


def _begin(context: Context, schedule: Schedule, now: datetime) -> str:
    """Begin the verb. Return why it cannot begin, else nothing."""
    try:
        if schedule.next_run and now - schedule.next_run > LATE:
            raise Forbidden(_("Meridian did not run at that time."))
        with transaction.atomic():
            _enforce_project(context, schedule)
            begin(
                context,
                f"instance.{schedule.verb}",
                schedule.instance_id,
                parameters={"schedule": str(schedule.pk)},
            )
    except MeridianError as error:
        log.info("schedule skipped", schedule=str(schedule.pk), reason=str(error))
        return str(error)
    return ""


def _enforce_project(context: Context, schedule: Schedule) -> None:
    """Raise Forbidden unless the schedule's creator is enabled and still has a role in its project."""
    has_role = context.project is not None and context.project.id == schedule.project_id
    if not schedule.created_by.enabled or not (has_role or context.is_admin):
        raise Forbidden(
            _("%(name)s has no role in this project any more.") % {"name": schedule.created_by.name}
        )
