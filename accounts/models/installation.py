"""The one row that says which installation this database belongs to."""

import uuid

from django.db import models


class Installation(models.Model):
    """Marks everything that Meridian makes on hosts, so that two installations never touch each other's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)

    @property
    def short(self) -> str:
        """Eight hexadecimal digits, for names of pools, networks and bridges (at most 15 characters)."""
        return self.id.hex[:8]

    @classmethod
    def current(cls) -> "Installation":
        """Return the row, made at first use."""
        return cls.objects.order_by("created_at").first() or cls.objects.create()
