"""The mark that changes whenever anything changes that tokens stand on."""

from django.db import models


class Epoch(models.Model):
    """One row. What was read under its mark holds as long as the mark stays; marks never come back.

    `accounts.epochs` has the database renew it.
    """

    mark = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.mark
