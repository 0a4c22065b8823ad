"""The duty that backs volumes up as their plans say, as the users who made the plans, and deletes what need not stay."""

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
from compute.engine.services import broadcast
from compute.volumes.models import Backup, BackupPlan
from compute.volumes.services import backup_files, backup_plans, backups

log = structlog.get_logger(__name__)

LATE = timedelta(hours=12)
"""Delay after which a due backup is skipped: the next one is near."""


def sweep() -> None:
    """Back up what is due, each once even if several processes sweep."""
    due = BackupPlan.objects.filter(next_run__lte=timezone.now())
    for key in due.values_list("pk", flat=True):
        if (plan := _run(key)) is not None:
            _tidy(plan)


@transaction.atomic
def _run(key: uuid.UUID) -> BackupPlan | None:
    """Begin the backup and claim this run of the plan, in one transaction. Return the plan; None if another has the run."""
    plan = BackupPlan.objects.select_related("created_by", "volume").filter(pk=key).first()
    now = timezone.now()
    if plan is None or plan.next_run is None or plan.next_run > now:
        return None
    context = _context(plan)
    error = _begin(context, plan, now)
    claimed = BackupPlan.objects.filter(pk=key, next_run=plan.next_run).update(
        next_run=backup_plans.next_run(plan, now), last_run=now, last_error=error
    )
    if not claimed:
        transaction.set_rollback(True)
        return None
    if error:
        audit.record(context, "backup_plan.run", plan.volume, outcome=AuditEvent.Outcome.FAILED, error=error)
    broadcast.changed(plan.volume)
    return plan


def _begin(context: Context, plan: BackupPlan, now: datetime) -> str:
    """Begin the backup. Return why it cannot begin, else nothing."""
    try:
        if plan.next_run and now - plan.next_run > LATE:
            raise Forbidden(_("Meridian did not run at that time."))
        with transaction.atomic():
            _enforce_project(context, plan)
            latest = Backup.objects.available().filter(volume=plan.volume).order_by("-created_at").first()
            is_short = latest is not None and len(backup_files.chain_of(latest)) < plan.full_every
            name = f"{plan.volume.name or plan.volume.pk}"[:200] + f" {now:%Y-%m-%d %H:%M}"
            backup = backups.create(context, plan.volume_id, name=name, incremental=is_short)
            Backup.objects.filter(pk=backup.pk).update(plan=plan)
    except MeridianError as error:
        log.info("planned backup skipped", plan=str(plan.pk), reason=str(error))
        return str(error)
    return ""


def _tidy(plan: BackupPlan) -> None:
    """Delete the plan's backups that need not stay, and verify the newest if the plan says so."""
    context, rows = _context(plan), list(Backup.objects.available().filter(plan=plan))
    for backup in backup_plans.expired(plan, rows):
        _try(context, backup, "delete")
    newest = max(rows, key=lambda row: row.created_at, default=None)
    if plan.verifies and newest is not None and newest.verified_at is None:
        _try(context, newest, "verify")


def _try(context: Context, backup: Backup, verb: str) -> None:
    try:
        backups.act(context, backup.pk, verb)
    except MeridianError as error:
        # One that later ones need goes with the last of them.
        log.info("planned backup stays", backup=str(backup.pk), verb=verb, reason=str(error))


def _context(plan: BackupPlan) -> Context:
    return for_user(plan.created_by, plan.project_id, request_id=f"req-{uuid.uuid4()}")


def _enforce_project(context: Context, plan: BackupPlan) -> None:
    """Raise Forbidden unless the plan's user is enabled and still has a role in its project."""
    has_role = context.project is not None and context.project.id == plan.project_id
    if not plan.created_by.enabled or not (has_role or context.is_admin):
        raise Forbidden(_("%(name)s has no role in this project any more.") % {"name": plan.created_by.name})
