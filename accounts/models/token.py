"""Tokens of the APIs: user, methods and scope."""

from django.db import models

from accounts.models.application_credential import ApplicationCredential
from accounts.models.project import Domain, Project
from accounts.models.stored_credential import StoredCredential
from accounts.models.user import User


class Token(models.Model):
    """A token, stored as the SHA-256 of its text. Its roles are not stored with it."""

    digest = models.CharField(primary_key=True, max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    methods = models.JSONField()
    audit_ids = models.JSONField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="+")
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, null=True, related_name="+")
    system = models.BooleanField(default=False)
    credential = models.ForeignKey(
        ApplicationCredential, on_delete=models.CASCADE, null=True, related_name="tokens"
    )
    ec2_key = models.ForeignKey(StoredCredential, on_delete=models.CASCADE, null=True, related_name="tokens")
    """The EC2 key by which the token was issued, and with which it ends."""
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"token of {self.user_id} until {self.expires_at:%Y-%m-%d %H:%M}"

    @property
    def is_scoped(self) -> bool:
        return self.system or self.project_id is not None or self.domain_id is not None
