"""Policies of other services, which Keystone keeps for them."""

from django.db import models

from accounts.models.identifier import IdentifiedModel


class Policy(IdentifiedModel):
    """A text that a service stores here. Meridian's own rules are in `accounts.policy`, and ask for none of these."""

    type = models.CharField(max_length=255)
    blob = models.TextField()

    class Meta:
        ordering = ["type", "id"]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"policy of type {self.type}"
