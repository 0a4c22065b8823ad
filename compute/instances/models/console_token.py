"""Passes to one instance's screen."""

from django.db import models

from accounts.models import User
from compute.hosts.models import Hypervisor
from compute.instances.models.instance import Instance


class ConsoleToken(models.Model):
    """A pass that works once, soon, for one user, one instance and its host; only its hash is kept."""

    digest = models.CharField(primary_key=True, max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="console_tokens")
    host = models.ForeignKey(Hypervisor, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"console pass of {self.instance_id}"
