"""Messages of failed operations that their readers have deleted."""

from django.db import models

from accounts.models.row import RowModel
from compute.engine.models import Operation


class DismissedMessage(RowModel):
    """An operation whose message the Block Storage API shows no more. It goes with the operation."""

    operation = models.OneToOneField(Operation, on_delete=models.CASCADE, related_name="dismissed_message")

    def __str__(self) -> str:
        return f"dismissed: {self.operation_id}"
