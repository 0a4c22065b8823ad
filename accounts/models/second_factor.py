"""The second factor of a user: one-time codes by RFC 6238, and recovery codes for when the device is lost."""

from django.db import models

from accounts.models.user import User


class SecondFactor(models.Model):
    """The second factor of a user who has enabled it. The secret is encrypted; no code is accepted twice."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="second_factor"
    )
    sealed_secret = models.TextField()
    last_step = models.BigIntegerField()
    """The time step of the last code that was accepted."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """A recovery code, stored as its SHA-256, which suffices for 80 random bits."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"
