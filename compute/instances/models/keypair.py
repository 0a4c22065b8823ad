"""Key pairs for SSH."""

from django.db import models

from accounts.models import User


class Keypair(models.Model):
    """A user's public key with a name, as in Nova. Private keys are never stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="keypairs")
    name = models.CharField(max_length=255)
    public_key = models.TextField()
    fingerprint = models.CharField(max_length=128)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="keypair_name_of_user")]

    def __str__(self) -> str:
        return self.name
