"""Leases on work that only one process may do at a time."""

from django.db import models


class Lease(models.Model):
    """The right of the process `holder` to do the work `name` until the time `until`, which it may renew."""

    name = models.CharField(primary_key=True, max_length=32)
    holder = models.CharField(max_length=255)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"
