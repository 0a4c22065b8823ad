"""Passkeys: key pairs whose private key never leaves a person's device."""

from django.db import models

from accounts.models.identifier import IdentifiedModel
from accounts.models.user import User


class Passkey(IdentifiedModel):
    """The public key, under its credential id (base64url). It signs in without password and code."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=64)
    credential_id = models.CharField(max_length=1400, unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField()
    """When it last signed in; a challenge that is older than this is void."""

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"passkey {self.name} of {self.user_id}"
