"""Tokens for instances' screens."""

from django.db import models

from accounts.models import ApplicationCredential, User, UserSession
from compute.hosts.models import Hypervisor
from compute.instances.models.instance import Instance


class ConsoleToken(models.Model):
    """A short-lived token, stored as a hash, for one connection of a user to an instance's screen on its host.

    It ends with the browser session or the application credential by which it was issued.
    """

    digest = models.CharField(primary_key=True, max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey(UserSession, null=True, on_delete=models.CASCADE, related_name="+")
    credential = models.ForeignKey(
        ApplicationCredential, null=True, on_delete=models.CASCADE, related_name="+"
    )
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="console_tokens")
    host = models.ForeignKey(Hypervisor, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"console token of {self.instance_id}"
