"""Key pairs for SSH."""

from django.db import models

from accounts.models import User
from accounts.models.row import RowModel


def kind_of(public_key: str) -> str:
    """Return Nova's type of a public key."""
    return "x509" if public_key.startswith("-----BEGIN CERTIFICATE-----") else "ssh"


class Keypair(RowModel):
    """A user's public key or certificate with a name, as in Nova. Private keys are never stored."""

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

    @property
    def kind(self) -> str:
        """Return Nova's type of the key pair."""
        return kind_of(self.public_key)
