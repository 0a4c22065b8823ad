"""The snapshots of a volume: taking one, going back to one, beginning another volume with one, deleting."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import policy
from compute.engine.actions import registry
from compute.engine.actions.permitted import choice
from compute.engine.models import Operation
from compute.volumes.models import VolumeSnapshot
from compute.volumes.services import volume_snapshots, volumes
from compute.volumes.states import SnapshotState, SnapshotTask
from portal import words
from portal.pages.volume import show_tab
from portal.requests import Request, done

LABELS: dict[str, tuple[str | Promise, str]] = {
    SnapshotTask.CREATING: (gettext_lazy("Taking the snapshot"), "blue"),
    SnapshotTask.DELETING: (gettext_lazy("Deleting"), "blue"),
    SnapshotState.AVAILABLE: (gettext_lazy("Available"), "green"),
    SnapshotState.CREATING: (gettext_lazy("Taking the snapshot"), "blue"),
    SnapshotState.ERROR: (gettext_lazy("Error"), "red"),
}
"""{status: label and color}."""

TOPICS = ("volume_snapshots", "operations", "quota")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A snapshot, with what may be done with it. `operation` is at work on it."""

    snapshot: VolumeSnapshot
    operation: Operation | None
    may_delete: bool

    @property
    def state(self) -> tuple[str | Promise, str]:
        return LABELS[self.snapshot.shown_status]

    @property
    def is_busy(self) -> bool:
        return self.snapshot.task_state is not None

    @property
    def is_ready(self) -> bool:
        return self.snapshot.shown_status == SnapshotState.AVAILABLE


@require_safe
def table(request: Request, volume_id: UUID) -> HttpResponse:
    """Show the snapshots, newest first, in a constant number of queries."""
    volume = volumes.get(request.context, volume_id)
    rows = volume_snapshots.visible_to(request.context, all_projects=True).filter(volume=volume)
    delete = registry.actions()["volume_snapshot.delete"]
    values: dict[str, Any] = {
        "rows": [
            Row(
                snapshot=row,
                operation=row.open_operation,
                may_delete=choice(request.context, row, delete).allowed,
            )
            for row in rows.order_by("-created_at", "-pk").with_open_operations()
        ],
        "may_create": policy.allows(request.context, "volume_snapshot:create") and volume.disk is not None,
    }
    return show_tab(
        request, volume, "snapshots", "volumes/snapshots.html", "volumes/snapshot_table.html", values
    )


@require_POST
def create(request: Request, volume_id: UUID) -> HttpResponse:
    """Take a snapshot, under a name if one is given."""
    volume_snapshots.create(request.context, volume_id, name=request.POST.get("name", "").strip())
    back = reverse("volume-snapshots", args=[volume_id])
    return done(request, _("Taking the snapshot"), back, changed=TOPICS)


@require_POST
def delete(request: Request, volume_id: UUID, snapshot_id: UUID) -> HttpResponse:
    """Delete a snapshot. The volume stays as it is."""
    snapshot = volume_snapshots.get(request.context, snapshot_id)
    volume_snapshots.act(request.context, snapshot_id, "delete")
    message = words.begun(registry.actions()["volume_snapshot.delete"], str(snapshot))
    return done(request, message, reverse("volume-snapshots", args=[volume_id]), changed=TOPICS)


urlpatterns = [
    path("volumes/<uuid:volume_id>/snapshots/", table, name="volume-snapshots"),
    path("volumes/<uuid:volume_id>/snapshots/create/", create, name="volume-snapshot-create"),
    path(
        "volumes/<uuid:volume_id>/snapshots/<uuid:snapshot_id>/delete/", delete, name="volume-snapshot-delete"
    ),
]
