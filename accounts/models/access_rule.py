"""The calls that application credentials are limited to."""

from django.db import models

from accounts.models.identifier import IdentifiedModel
from accounts.models.user import User


class AccessRule(IdentifiedModel):
    """One call to which a user's application credentials may be limited. It never changes, and outlives them."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_rules")
    service = models.CharField(max_length=128)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=128)

    class Meta:
        ordering = ["service", "path", "method"]
        constraints = [
            models.UniqueConstraint(fields=["user", "service", "method", "path"], name="access_rule_once")
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} of {self.service}"
