"""Identities of users at a directory or an OpenID Connect provider."""

from django.db import models

from accounts.models.user import User


class ExternalIdentity(models.Model):
    """The link of a user to one subject of one source: `ldap`, or the issuer of an OpenID Connect provider.

    Names may change owners, this pair never does. A user who has one has no password here.
    """

    LDAP = "ldap"

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="external_identity")
    source = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "subject"], name="external_identity_once")]

    def __str__(self) -> str:
        return f"{self.subject} of {self.source}"
