"""Holds: which operations occupy which rows."""

from django.db import models

from compute.engine.models.operation import Operation


class HoldQuerySet(models.QuerySet["Hold"]):
    def open(self) -> "HoldQuerySet":
        """Holds of operations that have not ended."""
        return self.filter(operation__state__in=Operation.OPEN)


class Hold(models.Model):
    """An operation occupies a row until it ends; the subject has the first hold.

    Operations on one row run in the order of their holds' ids: each is made under the row's lock. Those that only
    need the row to stay hold it `shared`, and wait for exclusive holds alone.
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
