"""Failed attempts to sign in, and the addresses that users have signed in from."""

from django.db import models
from django.utils import timezone


class FailedAttemptsQuerySet(models.QuerySet["FailedAttempts"]):
    def locked(self) -> "FailedAttemptsQuerySet":
        """Return those that have to wait now, strangers' ones: a device that the user knows waits for itself."""
        return self.filter(device="", locked_until__gt=timezone.now())


class FailedAttempts(models.Model):
    """Wrong passwords and codes in a row for a name in a domain, whether there is such a user or not.

    `device` is what the user knows it by (`accounts.services.lockouts`), and empty for all others together.
    """

    domain = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    device = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now, db_index=True)
    locked_until = models.DateTimeField(null=True)

    objects = FailedAttemptsQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "domain", "device"], name="failed_attempts_once")
        ]

    def __str__(self) -> str:
        return f"{self.count} failed attempts as {self.name}"


class KnownAddress(models.Model):
    """An address from which a name in a domain has signed in."""

    domain = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    address = models.GenericIPAddressField()
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "domain", "address"], name="known_address_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.address}"
