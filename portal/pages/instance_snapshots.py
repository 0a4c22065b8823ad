"""The snapshots of an instance: a tree of moments, to which it can go back."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import policy
from accounts.errors import MeridianError
from compute.engine.actions import registry
from compute.engine.actions.begin import begin
from compute.engine.actions.permitted import choice
from compute.engine.models import Operation
from compute.instances.models import InstanceSnapshot
from compute.instances.services import instance_snapshots, instances
from compute.instances.states import VmState
from compute.volumes.states import SnapshotState
from portal import words
from portal.forms import Form
from portal.pages.instance import tab
from portal.pages.volume_snapshots import LABELS
from portal.requests import Request, away, done, page

TOPICS = ("instance_snapshots", "instances", "operations", "quota")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A snapshot in the tree, `depth` branches below a first one. `operation` is at work on it."""

    snapshot: InstanceSnapshot
    depth: int
    is_current: bool
    operation: Operation | None
    may_change: bool
    may_delete: bool

    @property
    def state(self) -> tuple[str | Promise, str]:
        return LABELS[self.snapshot.task_state or self.snapshot.status]

    @property
    def is_busy(self) -> bool:
        return self.snapshot.task_state is not None

    @property
    def is_ready(self) -> bool:
        return not self.is_busy and self.snapshot.status == SnapshotState.AVAILABLE

    @property
    def twigs(self) -> range:
        return range(self.depth)


@require_safe
def tree(request: Request, instance_id: UUID) -> HttpResponse:
    """Show the snapshots, each below the one on which it was taken, in a constant number of queries."""
    instance = instances.get(request.context, instance_id)
    rows = instance_snapshots.of_instance(request.context, instance).select_related("parent", "instance")
    update, delete = (registry.actions()[f"instance_snapshot.{verb}"] for verb in ("update", "delete"))
    values = {
        "rows": [
            Row(
                snapshot=row,
                depth=depth,
                is_current=row.pk == instance.current_snapshot_id,
                operation=row.open_operation,
                may_change=choice(request.context, row, update).allowed,
                may_delete=choice(request.context, row, delete).allowed,
            )
            for row, depth in _in_tree(list(rows.with_open_operations()))
        ],
        "runs": instance.vm_state == VmState.ACTIVE,
        "take": choice(request.context, instance, registry.actions()["instance.take_snapshot"]),
    }
    return tab(
        request, instance, "snapshots", "instances/snapshots.html", "instances/snapshot_table.html", values
    )


def _in_tree(rows: list[InstanceSnapshot]) -> Iterator[tuple[InstanceSnapshot, int]]:
    """Yield each row after its parent, with its depth. A straight line of snapshots stays at one depth."""
    keys = {row.pk for row in rows}
    children: dict[object, list[InstanceSnapshot]] = defaultdict(list)
    for row in rows:
        children[row.parent_id if row.parent_id in keys else None].append(row)
    waiting = [(row, 0) for row in reversed(children[None])]
    while waiting:
        row, depth = waiting.pop()
        yield row, depth
        below = children[row.pk]
        waiting += [(child, depth + (len(below) > 1)) for child in reversed(below)]


@require_POST
def create(request: Request, instance_id: UUID) -> HttpResponse:
    """Take a snapshot, under a name if one is given, and with the memory if that is ticked."""
    instance = instances.get(request.context, instance_id)
    parameters = {"name": request.POST.get("name", "").strip(), "memory": "memory" in request.POST}
    begin(request.context, "instance.take_snapshot", instance.pk, parameters=parameters)
    back = reverse("instance-snapshots", args=[instance_id])
    return done(request, _("Taking the snapshot"), back, changed=TOPICS)


class NameForm(Form):
    """Parses only; the action validates."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, instance_id: UUID, instance_snapshot_id: UUID) -> HttpResponse:
    """Change a snapshot's name."""
    instance = instances.get(request.context, instance_id)
    snapshot = instance_snapshots.get(request.context, instance, instance_snapshot_id)
    policy.enforce(request.context, "instance_snapshot:update")
    action = registry.actions()["instance_snapshot.update"]
    back = reverse("instance-snapshots", args=[instance_id])
    form, status = NameForm(request.POST or None, initial={"name": snapshot.name}), 200
    if request.method == "POST" and form.is_valid():
        try:
            begin(request.context, action.name, snapshot.pk, parameters=form.cleaned_data)
        except MeridianError as error:
            form.refuse(error)
            status = error.status
        else:
            return away(request, action.done % form.cleaned_data, back)
    values = {
        "action": action,
        "thing": snapshot,
        "form": form,
        "address": request.path,
        "back": back,
        "asked": [form["name"]],
        "submit": _("Save"),
    }
    return page(request, "forms/ask.html", values, status=status)


@require_POST
def delete(request: Request, instance_id: UUID, instance_snapshot_id: UUID) -> HttpResponse:
    """Delete a snapshot. The instance stays as it is."""
    instance = instances.get(request.context, instance_id)
    snapshot = instance_snapshots.get(request.context, instance, instance_snapshot_id)
    begin(request.context, "instance_snapshot.delete", snapshot.pk)
    message = words.begun(registry.actions()["instance_snapshot.delete"], snapshot.name)
    return done(request, message, reverse("instance-snapshots", args=[instance_id]), changed=TOPICS)


SNAPSHOTS = "instances/<uuid:instance_id>/snapshots/"

urlpatterns = [
    path(SNAPSHOTS, tree, name="instance-snapshots"),
    path(f"{SNAPSHOTS}create/", create, name="instance-snapshot-create"),
    path(f"{SNAPSHOTS}<uuid:instance_snapshot_id>/edit/", edit, name="instance-snapshot-edit"),
    path(f"{SNAPSHOTS}<uuid:instance_snapshot_id>/delete/", delete, name="instance-snapshot-delete"),
]
