"""Leases: which process does what only one may do."""

from django.db import models


class Lease(models.Model):
    """`holder` does what `name` says until `until`, unless it renews it."""

    name = models.CharField(primary_key=True, max_length=32)
    holder = models.CharField(max_length=255)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"
