"""Heartbeats of processes."""

from django.db import models


class Heartbeat(models.Model):
    """One running process, which renews `at`. A stale row means that it hangs or has ended."""

    process = models.CharField(max_length=16)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["process", "host", "pid"], name="heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.process} on {self.host}"
