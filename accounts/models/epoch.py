"""The mark that changes whenever a change can affect tokens."""

from django.db import models


class Epoch(models.Model):
    """The single row with the mark. Whatever was read under a mark is valid until the mark changes.

    Marks never recur. Triggers renew it (`accounts.epochs`).
    """

    mark = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.mark
