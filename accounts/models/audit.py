"""Audit events: actor, action, target, time, address and outcome."""

from django.db import models

from accounts.models.row import RowModel


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events are removed by their retention only.")


class AuditEvent(RowModel):
    """One line of the audit log. Names are copied, since the rows that have them may be deleted.

    Events never change. Only `prune` deletes them, when their retention is over.
    """

    class Outcome(models.TextChoices):
        REQUESTED = "requested"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        REFUSED = "refused"

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    user_id = models.CharField(max_length=64, blank=True)
    user_name = models.CharField(max_length=255, blank=True)
    project_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=64)
    target_type = models.CharField(max_length=32, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=255, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["project_id", "-at"], name="audit_by_project"),
            models.Index(fields=["user_id", "-at"], name="audit_by_user"),
            models.Index(fields=["target_type", "target_id", "-at"], name="audit_by_target"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.user_name} {self.action} {self.target_name} {self.outcome}"

    def save(self, *args: object, **kwargs: object) -> None:
        if self.pk is not None:
            raise TypeError("Audit events are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events are removed by their retention only.")

    @staticmethod
    def prune(rows: models.QuerySet["AuditEvent"]) -> int:
        """Delete these events. For `accounts.services.retention` only."""
        return rows.order_by()._raw_delete(rows.db)
