"""Links that work once: the first set-up now, invitations and password resets alike."""

from django.db import models


class OneTimeLink(models.Model):
    """A link of which only the hash is kept."""

    class Purpose(models.TextChoices):
        SETUP = "setup"

    digest = models.CharField(primary_key=True, max_length=64)
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} link of {self.created_at:%Y-%m-%d %H:%M}"
