"""Backups: of one volume as a tab of its page, and all of the project's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from accounts.context import Context
from compute.engine.actions import cancelling, registry
from compute.engine.actions.permitted import choice
from compute.volumes.models import Backup, Volume
from compute.volumes.models.backup import BackupQuerySet
from compute.volumes.services import backup_plans, backups, volumes
from compute.volumes.states import BackupState, BackupTask
from portal import lists, words
from portal.activity_entries import Entry, make_entry
from portal.pages.backup_plans import make_line
from portal.pages.volume import show_tab
from portal.requests import Request, done, live_page

LABELS: dict[str, tuple[str | Promise, str]] = {
    BackupTask.CREATING: (gettext_lazy("Backing up"), "blue"),
    BackupTask.DELETING: (gettext_lazy("Deleting"), "blue"),
    BackupTask.VERIFYING: (gettext_lazy("Verifying"), "blue"),
    BackupState.AVAILABLE: (gettext_lazy("Available"), "green"),
    BackupState.CREATING: (gettext_lazy("Backing up"), "blue"),
    BackupState.ERROR: (gettext_lazy("Error"), "red"),
}
"""{state or task: label and color}."""

TOPICS = ("backups", "volumes", "operations", "quota")
PER_PAGE = 50
POSTED = ("delete", "verify")
"""Verbs that pages begin without a form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A backup, with the volume if that exists, and what may be done. `entry` is the operation at work on it."""

    backup: Backup
    volume: Volume | None
    entry: Entry | None
    may: dict[str, bool]
    may_cancel: bool

    @property
    def state(self) -> tuple[str | Promise, str]:
        return LABELS[self.backup.task_state or self.backup.status]

    @property
    def is_ready(self) -> bool:
        return self.backup.status == BackupState.AVAILABLE and self.backup.task_state is None


def rows_of(context: Context, backups_read: Iterable[Backup]) -> list[Row]:
    """Return the rows of backups. Costs a constant number of queries."""
    read = list(backups_read)
    existing = volumes.visible_to(context, all_projects=True).in_bulk(
        {row.volume_id for row in read if row.volume_id}
    )
    verbs = [registry.actions()[f"backup.{verb}"] for verb in POSTED]
    operations = [operation for row in read if (operation := row.open_operation)]
    cancellable = cancelling.cancellable(context, operations)
    return [
        Row(
            backup=row,
            volume=existing.get(row.volume_id) if row.volume_id else None,
            entry=make_entry(row.open_operation) if row.open_operation else None,
            may={verb.verb: choice(context, row, verb).allowed for verb in verbs},
            may_cancel=row.open_operation is not None and row.open_operation.pk in cancellable,
        )
        for row in read
    ]


@require_safe
def listing(request: Request) -> HttpResponse:
    """Show the project's backups, newest first, a page at a time."""
    pages = Paginator(_read(backups.visible_to(request.context)), PER_PAGE)
    page = pages.get_page(lists.page_number(request))
    values = {"page": page, "rows": rows_of(request.context, page)}
    return live_page(request, "backups/list.html", {"backups": "backups/table.html"}, values)


@require_safe
def of_volume(request: Request, volume_id: UUID) -> HttpResponse:
    """Show the backups of a volume, newest first."""
    volume = volumes.get(request.context, volume_id)
    read = _read(backups.visible_to(request.context, all_projects=True).filter(volume=volume))
    rows = rows_of(request.context, read)
    plan = backup_plans.of_volume(request.context, volume)
    values: dict[str, Any] = {
        "rows": rows,
        "may_create": policy.allows(request.context, "backup:create") and volume.disk is not None,
        "has_earlier": any(row.is_ready for row in rows),
        "plan": make_line(plan) if plan else None,
        "may_plan": policy.allows(request.context, "backup_plan:write"),
    }
    return show_tab(request, volume, "backups", "volumes/backups.html", "volumes/backup_table.html", values)


def _read(rows: BackupQuerySet) -> BackupQuerySet:
    return rows.select_related("parent", "user").order_by("-created_at", "-pk").with_open_operations()


@require_POST
def create(request: Request, volume_id: UUID) -> HttpResponse:
    """Back up a volume, under a name if one is given."""
    name = request.POST.get("name", "").strip()
    backups.create(request.context, volume_id, name=name, incremental="incremental" in request.POST)
    back = reverse("volume-backups", args=[volume_id])
    return done(request, _("Backing up"), back, changed=(*TOPICS, f"volume:{volume_id}"))


@require_POST
def act(request: Request, backup_id: UUID, verb: str) -> HttpResponse:
    """Begin a verb that needs no form."""
    policy.enforce(request.context, f"backup:{verb}")
    backup = backups.get(request.context, backup_id)
    backups.act(request.context, backup_id, verb)
    message = words.begun(registry.actions()[f"backup.{verb}"], str(backup))
    return done(request, message, reverse("backups"), changed=TOPICS)


urlpatterns = [
    path("backups/", listing, name="backups"),
    *(
        path(f"backups/<uuid:backup_id>/{verb}/", act, {"verb": verb}, name=f"backup-{verb}")
        for verb in POSTED
    ),
    path("volumes/<uuid:volume_id>/backups/", of_volume, name="volume-backups"),
    path("volumes/<uuid:volume_id>/backups/create/", create, name="volume-backup-create"),
]
