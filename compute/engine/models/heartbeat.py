"""Which processes are alive."""

from django.db import models


class Heartbeat(models.Model):
    """One running process; it renews `at`, and a stale row means that it hangs or is gone."""

    process = models.CharField(max_length=16)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["process", "host", "pid"], name="heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.process} on {self.host}"
