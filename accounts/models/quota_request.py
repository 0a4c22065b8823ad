"""Requests for a larger quota, and the decisions on them."""

from django.db import models
from django.db.models import Q

from accounts.models.identifier import IdentifiedModel
from accounts.models.project import Project
from accounts.models.user import User


class QuotaRequest(IdentifiedModel):
    """A project asks that the limit of one resource be `limit`. Of each there is at most one open request.

    A newer one gets a row of its own, so that an administrator approves exactly what they have read.
    """

    class State(models.TextChoices):
        OPEN = "open"
        APPROVED = "approved"
        REFUSED = "refused"
        REPLACED = "replaced"
        WITHDRAWN = "withdrawn"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="quota_requests")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    resource = models.CharField(max_length=32)
    limit = models.BigIntegerField()
    reason = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "resource"], condition=Q(state="open"), name="quota_request_open_once"
            ),
        ]
        indexes = [models.Index(fields=["state", "-created_at"], name="quota_requests_by_state")]

    def __str__(self) -> str:
        return f"{self.project} asks for {self.resource} {self.limit}: {self.state}"

    @property
    def audit_name(self) -> str:
        """Return the resource, by which the audit log names the request."""
        return self.resource
