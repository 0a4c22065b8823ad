"""Links that work once: the first set-up, invitations and password resets."""

from django.db import models

from accounts.models.user import User


class OneTimeLink(models.Model):
    """A link of which only the hash is stored. All but the set-up's are for one user."""

    class Purpose(models.TextChoices):
        SETUP = "setup"
        INVITATION = "invitation"
        RESET = "reset"

    digest = models.CharField(primary_key=True, max_length=64)
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="links")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} link of {self.created_at:%Y-%m-%d %H:%M}"
