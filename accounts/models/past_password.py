"""Hashes of a user's former passwords, which they may not choose again."""

from django.db import models

from accounts.models.user import User


class PastPassword(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="past_passwords")
    password = models.CharField(max_length=128)
    ended_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-ended_at", "-id"]

    def __str__(self) -> str:
        return f"password of {self.user_id} until {self.ended_at:%Y-%m-%d %H:%M}"
