"""Operations: durable runs of actions, and the holds on rows that they occupy."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import Project, User
from accounts.models.row import RowModel
from compute.engine.models.scoped import ScopedQuerySet


class OperationQuerySet(ScopedQuerySet["Operation"]):
    def open(self) -> "OperationQuerySet":
        """Return the operations that have not ended."""
        return self.filter(state__in=Operation.OPEN)

    def change(self, **fields: Any) -> int:
        """Update columns that pages and the API show, and `updated_at`. Return the number of rows."""
        return self.update(**fields, updated_at=timezone.now())

    def on(self, resource_id: uuid.UUID | str) -> "OperationQuerySet":
        """Return the operations that hold, or held, this row exclusively."""
        holds = Hold.objects.filter(operation=OuterRef("pk"), resource_id=resource_id, shared=False)
        return self.filter(Exists(holds))


class Operation(RowModel):
    """One durable run of an action. The row is authoritative; a Celery message only announces it.

    `kind` names the action, like `instance.resize`. `subject_type`, `subject_id` and `subject_name` name the row for
    which it was requested. Its holds are all rows that it occupies.
    `timeline` lists the steps that have begun, in order. Each has `name`, `label`, `began`, `ended` and `undone` (ISO
    times or null), and the `host` whose worker began it last. A step is listed before it acts, so that undoing can
    follow the list backwards.
    `fence` grows with every claim, and only the newest claim may write. `host` is where the next step must run, null
    for any host. `woken_by` is the last event for which a waiting operation was woken.
    A `STUCK` operation could not be undone; `leftovers` lists its remaining steps, each {"step", "label", "reason"}.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        UNDOING = "undoing"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"
        STUCK = "stuck"

    OPEN = (State.PENDING, State.RUNNING, State.UNDOING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=64)
    subject_type = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    subject_name = models.CharField(max_length=255, blank=True)
    host = models.ForeignKey("compute.Hypervisor", on_delete=models.SET_NULL, null=True, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="operations")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    parameters = models.JSONField(default=dict)
    secrets = models.TextField(blank=True)
    """Sealed parameters (`compute.engine.services.secrets`), cleared at the end of the operation."""
    idempotency_key = models.CharField(max_length=96, null=True)
    request_id = models.CharField(max_length=64, blank=True)

    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    step = models.CharField(max_length=32, blank=True)
    timeline = models.JSONField(default=list)
    progress = models.JSONField(null=True)
    error = models.JSONField(null=True)
    leftovers = models.JSONField(null=True)
    cancel_requested = models.BooleanField(default=False)
    woken_by = models.CharField(max_length=32, blank=True)

    attempt = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True)
    announcements = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="operations_due"),
            models.Index(fields=["finished_at"], name="operations_finished"),
            models.Index(fields=["subject_id", "-created_at"], name="operations_of_subject"),
            models.Index(fields=["project", "-created_at"], name="operations_of_project"),
            models.Index(fields=["user", "-finished_at"], name="operations_of_user"),
            models.Index(fields=["project", "state", "created_at"], name="operations_by_state"),
            models.Index(fields=["-created_at", "-id"], name="operations_newest"),
            models.Index(fields=["project", "updated_at"], name="operations_changed_in_project"),
            models.Index(fields=["updated_at"], name="operations_changed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["project", "idempotency_key"], name="operation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject_id}: {self.state}"

    @property
    def verb(self) -> str:
        """Return the action's name without its noun."""
        return self.kind.partition(".")[2]

    @cached_property
    def held(self) -> "list[Hold]":
        """Return its holds, which never change, the subject's first. Costs one query."""
        return list(self.holds.all())


class HoldQuerySet(models.QuerySet["Hold"]):
    def open(self) -> "HoldQuerySet":
        """Return the holds of operations that have not ended."""
        return self.filter(operation__state__in=Operation.OPEN)


class Hold(RowModel):
    """A row that an operation occupies until its end. The first hold is on the subject.

    Operations on one row run in the order of their holds' ids. Each hold is made under the row's lock. A `shared`
    hold only keeps the row from changing, and waits for exclusive holds alone.
    """

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="holds")
    resource_type = models.CharField(max_length=32)
    resource_id = models.UUIDField()
    shared = models.BooleanField(default=False)

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["resource_id", "id"], name="holds_of_resource")]
        constraints = [models.UniqueConstraint(fields=["operation", "resource_id"], name="hold_once")]

    def __str__(self) -> str:
        return f"{self.operation_id} holds {self.resource_type} {self.resource_id}"
