"""The identity of this installation."""

import uuid

from django.db import models


class Installation(models.Model):
    """The single row whose id marks what Meridian creates on hosts, so that two installations never interfere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)

    @property
    def short(self) -> str:
        """Return eight hexadecimal digits, for names of pools, networks and bridges (at most 15 characters)."""
        return self.id.hex[:8]

    @classmethod
    def current(cls) -> "Installation":
        """Return the row, which is created at first use."""
        return cls.objects.order_by("created_at").first() or cls.objects.create()
