"""Operations: the durable record of what was asked, how far it got, and who works on it."""

import uuid

from django.db import models

from accounts.models import Project, User
from compute.engine.models.scoped import ScopedQuerySet


class OperationQuerySet(ScopedQuerySet["Operation"]):
    def open(self) -> "OperationQuerySet":
        return self.filter(state__in=Operation.OPEN)


class Operation(models.Model):
    """One run of an action. The row is the truth; a Celery message only says that there is work.

    `timeline` lists the steps that have begun, in order, each with `name`, `label`, `began`, `ended` and
    `undone` (ISO times or null); a step is listed before it acts, so undoing can walk the list back.
    `fence` grows with every claim, and only the newest claim may write. `sequence` orders the operations
    of one instance: an operation waits for the open ones before it. `woken_by` is the event that
    a waiting operation was told of.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        UNDOING = "undoing"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    OPEN = (State.PENDING, State.RUNNING, State.UNDOING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=32)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="operations")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    instance = models.ForeignKey("compute.Instance", on_delete=models.CASCADE, related_name="operations")
    parameters = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=96, null=True)
    request_id = models.CharField(max_length=64, blank=True)

    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    step = models.CharField(max_length=32, blank=True)
    timeline = models.JSONField(default=list)
    progress = models.JSONField(null=True)
    error = models.JSONField(null=True)
    cancel_requested = models.BooleanField(default=False)
    woken_by = models.CharField(max_length=32, blank=True)

    attempt = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-sequence"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="operations_due"),
            models.Index(fields=["instance", "-created_at"], name="operations_of_instance"),
            models.Index(fields=["project", "-created_at"], name="operations_of_project"),
            models.Index(fields=["project", "state", "created_at"], name="operations_by_state"),
            models.Index(fields=["-created_at"], name="operations_newest"),
            models.Index(fields=["project", "updated_at"], name="operations_changed_in_project"),
            models.Index(fields=["updated_at"], name="operations_changed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["instance", "sequence"], name="operation_sequence"),
            models.UniqueConstraint(fields=["project", "idempotency_key"], name="operation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.instance_id}: {self.state}"
