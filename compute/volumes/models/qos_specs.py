"""QoS specs: limits of what volumes may read and write."""

import uuid

from django.db import models

from accounts.models.row import RowModel


class QosSpecs(RowModel):
    """Limits of the volumes of the types that have them. `specs` are texts by name, as in Cinder.

    QEMU enforces those for the consumers `front-end` and `both`. A storage system would enforce the others.
    """

    class Consumer(models.TextChoices):
        FRONT_END = "front-end"
        BACK_END = "back-end"
        BOTH = "both"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255, unique=True)
    consumer = models.CharField(max_length=16, choices=Consumer.choices, default=Consumer.BACK_END)
    specs = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.name
